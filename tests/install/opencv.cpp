// cv::Mat in and out, and a video file that is written here: opencv MODEL VIDEO.avi
#include <cstdio>

#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

#include <aecsad.hpp>

static int checks, failures;

#define CHECK(condition)                                                \
    do {                                                                \
        checks++;                                                       \
        if (!(condition)) {                                             \
            failures++;                                                 \
            std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
        }                                                               \
    } while (0)

static cv::Mat noise(int width, int height, int type, unsigned seed) {
    cv::Mat m(height, width, type);
    cv::RNG(seed).fill(m, cv::RNG::UNIFORM, 0, 256);
    return m;
}

// A Mat gives the score of its pixels, whether it owns them, is a part of another
// or has an alpha channel.
static void matrices(const aecsad::Detector &detector) {
    const cv::Mat wide = noise(100, 60, CV_8UC3, 1), part = wide(cv::Rect(7, 5, 50, 40));
    const cv::Mat copy = part.clone();
    const double wanted = detector.inspect(aecsad::Image::bgr(copy.data, 50, 40)).score();
    CHECK(!part.isContinuous());
    CHECK(detector.inspect(copy).score() == wanted);
    CHECK(detector.inspect(part).score() == wanted);
    CHECK(detector.inspect(aecsad::Image(wide).region(7, 5, 50, 40)).score() == wanted);
    cv::Mat alpha(40, 50, CV_8UC4);
    const int order[] = {0, 0, 1, 1, 2, 2};
    alpha.setTo(cv::Scalar::all(9));
    cv::mixChannels(&copy, 1, &alpha, 1, order, 3);
    CHECK(detector.inspect(alpha).score() == wanted);
    const std::vector<aecsad::Image> batch{copy, part, alpha};
    for (const aecsad::Result &r : detector.inspect(batch))
        CHECK(r.score() == wanted);

    const aecsad::Result result = detector.inspect(part);
    const cv::Mat map = result.mat();
    CHECK(map.type() == CV_32FC1 && map.cols == 50 && map.rows == 40);
    const auto values = result.map();
    CHECK(map.at<float>(39, 49) == values.back() && map.at<float>(3, 2) == values[3 * 50 + 2]);
}

static void refused(const aecsad::Detector &detector) {
    CHECK(detector.try_inspect(cv::Mat()).error().code != AECSAD_OK);
    CHECK(detector.try_inspect(noise(20, 20, CV_8UC1, 1)).error().code == AECSAD_ERR_IMAGE);
    CHECK(detector.try_inspect(noise(20, 20, CV_32FC3, 1)).error().code == AECSAD_ERR_IMAGE);
    CHECK(detector.try_inspect(noise(20, 20, CV_8UC2, 1)).error().code == AECSAD_ERR_IMAGE);
}

// Frames of a camera loop have the scores of copies of them.
static void video(const aecsad::Detector &detector, const std::string &path) {
    const int frames = 12;
    cv::VideoWriter writer(path, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 10, cv::Size(64, 48));
    CHECK(writer.isOpened());
    for (int n = 0; n < frames; n++)
        writer.write(noise(64, 48, CV_8UC3, static_cast<unsigned>(n + 1)));
    writer.release();
    cv::VideoCapture capture(path);
    CHECK(capture.isOpened());
    cv::Mat frame;
    std::vector<double> scores;
    std::vector<cv::Mat> copies;
    while (capture.read(frame)) {
        scores.push_back(detector.inspect(frame).score());
        copies.push_back(frame.clone());
    }
    CHECK(scores.size() == frames);
    for (std::size_t n = 0; n < copies.size(); n++)
        CHECK(detector.inspect(copies[n]).score() == scores[n]);
    CHECK(scores.size() < 2 || scores[0] != scores[1]);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    const aecsad::Detector detector(argv[1]);
    matrices(detector);
    refused(detector);
    video(detector, argv[2]);
    std::printf("opencv: %d passed, %d failed\n", checks - failures, failures);
    return failures != 0;
}
