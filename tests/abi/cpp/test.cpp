// The C++ interface: test MODEL BUNDLE, which holds the model and another one.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>
#include <type_traits>

#include <aecsad.hpp>

static int checks, failures;

#define CHECK(condition)                                              \
    do {                                                              \
        checks++;                                                     \
        if (!(condition)) {                                           \
            failures++;                                               \
            std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
        }                                                             \
    } while (0)

static_assert(!std::is_copy_constructible_v<aecsad::Detector> && !std::is_copy_assignable_v<aecsad::Detector>);
static_assert(std::is_nothrow_move_constructible_v<aecsad::Detector>);
static_assert(!std::is_copy_constructible_v<aecsad::Result> && std::is_nothrow_move_assignable_v<aecsad::Result>);

// The status of the error that f throws.
template <class F> static aecsad_status thrown(F f) {
    try {
        f();
    } catch (const aecsad::Error &e) {
        return e.what()[0] != 0 ? e.code() : AECSAD_OK;
    }
    return AECSAD_OK;
}

static std::vector<unsigned char> noise(std::size_t n) {
    std::vector<unsigned char> b(n);
    unsigned seed = 3;
    for (auto &v : b)
        v = static_cast<unsigned char>((seed = seed * 1664525u + 1013904223u) >> 24);
    return b;
}

static void errors(const std::string &model, const aecsad::Detector &detector) {
    CHECK(thrown([] { aecsad::Detector("/no/such/model"); }) == AECSAD_ERR_FILE);
    const auto none = aecsad::Detector::try_open("/no/such/model");
    CHECK(!none && none.error().code == AECSAD_ERR_FILE);
    CHECK(thrown([&] { none.value(); }) == AECSAD_ERR_FILE);
    aecsad::Options gpu;
    gpu.device = "gpu";
    CHECK(aecsad::Detector::try_open(model, gpu).error().code == AECSAD_ERR_DEVICE);
    aecsad::Options little;
    little.memory_limit = 1;
    CHECK(thrown([&] { aecsad::Detector(model, little); }) == AECSAD_ERR_NOMEM);
    little.sessions = 2;
    little.memory_limit = detector.info().memory;
    CHECK(aecsad::Detector::try_open(model, little).has_value());
    CHECK(aecsad::Detector::try_open_memory("text", 4).error().code == AECSAD_ERR_MODEL);
    const auto pixels = noise(3 * 20 * 10);
    const auto image = aecsad::Image::rgb(pixels.data(), 20, 10);
    CHECK(thrown([&] { detector.inspect(image.region(15, 0, 10, 10)); }) == AECSAD_ERR_IMAGE);
    CHECK(detector.try_inspect(aecsad::Image::rgb(nullptr, 20, 10)).error().code == AECSAD_ERR_NULL);
    CHECK(detector.try_inspect(std::vector<aecsad::Image>{image, aecsad::Image::rgb(pixels.data(), 0, 10)})
              .error()
              .message.rfind("image 1: ", 0) == 0);
}

static void results(aecsad::Detector &detector) {
    const auto pixels = noise(3 * 50 * 40);
    const auto image = aecsad::Image::rgb(pixels.data(), 50, 40);
    aecsad::Result r = detector.inspect(image);
    CHECK(r.width() == 50 && r.height() == 40 && r.score() == r.structural() + r.logical());
    CHECK(r.map().size() == 50 * 40 && r.classes(8, 4).size() == 32);
    const auto maps = r.maps();
    const auto own = r.map(aecsad::Map::local, maps.map_side, maps.map_side);
    CHECK(std::equal(own.begin(), own.end(), maps.local));
    CHECK(r.decision() == aecsad::Decision::anomalous && !r.findings().empty());
    CHECK(detector.components() == (std::vector<std::string>{"background", "bolt", "nut"}));

    const double score = r.score();
    const std::vector<std::uint8_t> nothing(50 * 40, 0), everything(60 * 40, 1);
    CHECK(detector.inspect(image.ignoring(nothing.data())).score() == score);
    CHECK(detector.inspect(image.ignoring(everything.data(), 60)).score() < score);
    aecsad::Result moved = std::move(r);
    CHECK(moved.score() == score && r.get() == nullptr);
    r = detector.inspect(image);
    r = std::move(moved);
    CHECK(r.score() == score);

    detector.set_threshold(score);
    CHECK(detector.inspect(image).decision() != aecsad::Decision::anomalous);
    CHECK(thrown([&] { detector.set_false_alarm_rate(0.001); }) == AECSAD_ERR_TOO_FEW);
    detector.set_false_alarm_rate(0.1);
    CHECK(detector.info().false_alarm_rate == 0.1);

    std::vector<double> scores(4);
    std::vector<std::thread> threads;
    for (auto &s : scores)
        threads.emplace_back([&] { s = detector.inspect(image).score(); });
    for (auto &t : threads)
        t.join();
    CHECK(scores == std::vector<double>(4, score));
    for (const auto &b : detector.inspect(std::vector<aecsad::Image>(3, image)))
        CHECK(b.score() == score);
}

// A product of a bundle is judged as by a file of its own, to the last bit.
static void products(const std::string &bundle, const aecsad::Detector &single) {
    const auto none = aecsad::Detector::try_open(bundle);
    CHECK(!none && none.error().code == AECSAD_ERR_ARGUMENT);
    CHECK(none.error().message.find("has 2 products, expected the name of one: tiny, other") != std::string::npos);
    const auto pixels = noise(3 * 60 * 50);
    const auto image = aecsad::Image::rgb(pixels.data(), 60, 50);
    aecsad::Options options;
    options.product = "other";
    const aecsad::Detector other(bundle, options);
    CHECK(other.info().category == std::string("other") && other.inspect(image).score() != single.inspect(image).score());
    options.product = "tiny";
    const aecsad::Detector tiny(bundle, options);
    CHECK(tiny.info().category == std::string("tiny") && tiny.inspect(image).score() == single.inspect(image).score());
    options.product = "Tiny";
    CHECK(aecsad::Detector::try_open(bundle, options).error().code == AECSAD_ERR_ARGUMENT);
}

int main(int, char **argv) {
    aecsad::Options options;
    options.sessions = 2;
    aecsad::Detector detector(argv[1], options);
    errors(argv[1], detector);
    results(detector);
    products(argv[2], detector);

    std::ifstream file(argv[1], std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    auto memory = aecsad::Detector::try_open_memory(bytes.data(), bytes.size());
    CHECK(memory && memory.value().info().side == detector.info().side);
    detector = std::move(memory).value();
    CHECK(detector.info().sessions == 1);
    CHECK(aecsad::version() == aecsad_version());
    std::printf("test_cpp: %d passed, %d failed\n", checks, failures);
    return failures != 0;
}
