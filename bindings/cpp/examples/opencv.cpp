// Inspects the frames of a video file or camera, or image files, with OpenCV:
// opencv MODEL SOURCE, where SOURCE is a file or the number of a camera.
#include <cctype>
#include <cstdio>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>

#include <aecsad.hpp>

static void report(const std::string &what, const aecsad::Result &r) {
    std::printf("%s: %s, score %.3f (threshold %.3f)\n", what.c_str(), name(r.decision()), r.score(), r.threshold());
    for (const aecsad::Finding &f : r.findings())
        std::printf("  %s\n", f.sentence.c_str());
}

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s MODEL FILE_OR_CAMERA\n", argv[0]);
        return 2;
    }
    try {
        const aecsad::Detector detector(argv[1]);
        const std::string source = argv[2];
        const cv::Mat picture = cv::imread(source);
        if (!picture.empty()) {
            report(source, detector.inspect(picture));
            return 0;
        }
        cv::VideoCapture capture;
        if (source.size() == 1 && std::isdigit(static_cast<unsigned char>(source[0])))
            capture.open(source[0] - '0');
        else
            capture.open(source);
        if (!capture.isOpened())
            throw std::runtime_error(source + ": neither an image nor a video that OpenCV reads");
        cv::Mat frame;
        for (int n = 0; capture.read(frame); n++)
            report("frame " + std::to_string(n), detector.inspect(frame));
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
}
