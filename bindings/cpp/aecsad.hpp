// aecsad.hpp: libaecsad for C++17, header only, over aecsad.h (the manual).
//
//     aecsad::Detector detector("model.aecsad");
//     aecsad::Result result = detector.inspect(aecsad::Image::rgb(pixels, width, height));
//     std::cout << aecsad::name(result.decision()) << ' ' << result.score() << '\n';
//     for (const aecsad::Finding &f : result.findings()) std::cout << f.sentence << '\n';
//
// Errors are exceptions of type aecsad::Error. The functions named try_... return
// an Expected instead and throw nothing but std::bad_alloc. Detector and Result
// own their handle and move; a Detector may be used by any number of threads.
//
// When OpenCV's core header comes before this one, Image takes a cv::Mat and
// Result gives maps as cv::Mat.
#ifndef AECSAD_HPP
#define AECSAD_HPP

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "aecsad.h"

namespace aecsad {

// What went wrong: an AECSAD_ERR_ status and a sentence.
struct Failure {
    aecsad_status code = AECSAD_OK;
    std::string message;
};

class Error : public std::runtime_error {
public:
    explicit Error(Failure f) : std::runtime_error(f.message), code_(f.code) {}
    aecsad_status code() const noexcept { return code_; }
    const char *status() const noexcept { return aecsad_status_string(code_); }

private:
    aecsad_status code_;
};

// A value or the reason why there is none.
template <class T> class Expected {
public:
    Expected(T value) : state_(std::move(value)) {}
    Expected(Failure failure) : state_(std::move(failure)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    // The value; throws Error if there is none.
    T &value() & { return require(), std::get<0>(state_); }
    const T &value() const & { return require(), std::get<0>(state_); }
    T &&value() && { return require(), std::get<0>(std::move(state_)); }

    // The reason; code is AECSAD_OK if there is a value.
    Failure error() const { return has_value() ? Failure{} : std::get<1>(state_); }

private:
    void require() const {
        if (!has_value())
            throw Error(std::get<1>(state_));
    }
    std::variant<T, Failure> state_;
};

template <> class Expected<void> {
public:
    Expected() = default;
    Expected(Failure failure) : failure_(std::move(failure)) {}
    bool has_value() const noexcept { return failure_.code == AECSAD_OK; }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const {
        if (!has_value())
            throw Error(failure_);
    }
    Failure error() const { return failure_; }

private:
    Failure failure_;
};

namespace detail {

// A zeroed C struct with its size set.
template <class T> T sized() {
    T s{};
    s.struct_size = sizeof s;
    return s;
}

// Calls a C function with an aecsad_error as last argument.
template <class F, class... A> Failure call(F function, A... arguments) {
    auto e = sized<aecsad_error>();
    const aecsad_status code = function(arguments..., &e);
    return code == AECSAD_OK ? Failure{} : Failure{code, e.message};
}

inline void require(Failure f) {
    if (f.code != AECSAD_OK)
        throw Error(std::move(f));
}

// Fills a C struct through a function of a handle.
template <class S, class F, class... A> S fill(F function, A... arguments) {
    auto s = sized<S>();
    require(call(function, arguments..., &s));
    return s;
}

} // namespace detail

inline std::string version() { return aecsad_version(); }

enum class Decision { good = AECSAD_GOOD, uncertain = AECSAD_UNCERTAIN, anomalous = AECSAD_ANOMALOUS };
enum class Kind { none = AECSAD_KIND_NONE, structural = AECSAD_KIND_STRUCTURAL, logical = AECSAD_KIND_LOGICAL };
enum class Map { local = AECSAD_MAP_LOCAL, global = AECSAD_MAP_GLOBAL, fused = AECSAD_MAP_FUSED };

inline const char *name(Decision d) {
    return d == Decision::good ? "good" : d == Decision::uncertain ? "uncertain" : "anomalous";
}

inline const char *name(Kind k) {
    return k == Kind::none ? "" : k == Kind::structural ? "structural" : "logical";
}

// Pixels of the caller, which must stay until the inspection returns.
// bytes_per_row 0 means rows without padding.
struct Image : aecsad_image {
    Image(int32_t pixel_format, const void *pixels, int w, int h, int64_t bytes_per_row)
        : aecsad_image{sizeof(aecsad_image), pixel_format, pixels, w, h, bytes_per_row, 0, 0, 0, 0, nullptr, 0} {}

    static Image rgb(const void *pixels, int w, int h, int64_t bytes_per_row = 0) {
        return Image(AECSAD_RGB8, pixels, w, h, bytes_per_row ? bytes_per_row : int64_t{3} * w);
    }
    static Image bgr(const void *pixels, int w, int h, int64_t bytes_per_row = 0) {
        return Image(AECSAD_BGR8, pixels, w, h, bytes_per_row ? bytes_per_row : int64_t{3} * w);
    }
    static Image rgba(const void *pixels, int w, int h, int64_t bytes_per_row = 0) {
        return Image(AECSAD_RGBA8, pixels, w, h, bytes_per_row ? bytes_per_row : int64_t{4} * w);
    }
    static Image bgra(const void *pixels, int w, int h, int64_t bytes_per_row = 0) {
        return Image(AECSAD_BGRA8, pixels, w, h, bytes_per_row ? bytes_per_row : int64_t{4} * w);
    }

#ifdef CV_VERSION
    // OpenCV's order: 3 channels are BGR, 4 are BGRA.
    Image(const cv::Mat &m) : Image(format_of(m), m.data, m.cols, m.rows, static_cast<int64_t>(m.step[0])) {}

private:
    static int32_t format_of(const cv::Mat &m) {
        switch (m.type()) {
        case CV_8UC3: return AECSAD_BGR8;
        case CV_8UC4: return AECSAD_BGRA8;
        case CV_8UC1: return AECSAD_GRAY8;
        }
        return 0; // refused by the library
    }

public:
#endif

    // The same pixels, looked at in a rectangle only.
    Image region(int x, int y, int w, int h) const {
        Image i = *this;
        i.roi_x = x;
        i.roi_y = y;
        i.roi_width = w;
        i.roi_height = h;
        return i;
    }

    // The same pixels; where a byte of the mask, which is as large as the image, is
    // not zero, the surface is not judged (see aecsad_image.ignore).
    Image ignoring(const std::uint8_t *mask, int64_t bytes_per_row = 0) const {
        Image i = *this;
        i.ignore = mask;
        i.ignore_stride = bytes_per_row ? bytes_per_row : int64_t{width};
        return i;
    }
};

struct Box {
    int x, y, width, height;
};

// One reason for a verdict; see aecsad_finding.
struct Finding {
    Kind kind;
    Box box;
    std::string component;
    double observed, expected, contribution;
    std::string sentence;
};

// The verdict on one image.
class Result {
public:
    // Takes over a handle.
    explicit Result(aecsad_result *handle)
        : handle_(handle), summary_(detail::fill<aecsad_summary>(aecsad_result_summary, handle)) {}
    Result(Result &&other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), summary_(other.summary_) {}
    Result &operator=(Result &&other) noexcept {
        std::swap(handle_, other.handle_);
        std::swap(summary_, other.summary_);
        return *this;
    }
    ~Result() { aecsad_result_free(handle_); }

    Decision decision() const { return static_cast<Decision>(summary_.decision); }
    Kind kind() const { return static_cast<Kind>(summary_.kind); }
    double score() const { return summary_.score; }
    double structural() const { return summary_.structural; }
    double logical() const { return summary_.logical; }
    double threshold() const { return summary_.threshold; }
    double p_value() const { return summary_.p_value; }
    int width() const { return summary_.width; }
    int height() const { return summary_.height; }

    // The most important first.
    std::vector<Finding> findings() const {
        std::vector<Finding> all;
        for (int i = 0; i < summary_.findings; i++) {
            const auto f = detail::fill<aecsad_finding>(aecsad_result_finding, handle_, i);
            all.push_back({static_cast<Kind>(f.kind), {f.x, f.y, f.width, f.height}, f.component, f.observed, f.expected,
                           f.contribution, f.sentence});
        }
        return all;
    }

    // The maps where they are, valid as long as this result.
    aecsad_maps maps() const { return detail::fill<aecsad_maps>(aecsad_result_maps, handle_); }

    // A map as width x height floats, row-major; at the size of the image by default.
    std::vector<float> map(Map which = Map::fused, int width = 0, int height = 0) const {
        size_to_image(width, height);
        std::vector<float> out(static_cast<std::size_t>(width) * height);
        detail::require(detail::call(aecsad_result_copy_map, handle_, static_cast<int32_t>(which), width, height, out.data(),
                             out.size()));
        return out;
    }

    // The component classes, likewise.
    std::vector<std::uint8_t> classes(int width = 0, int height = 0) const {
        size_to_image(width, height);
        std::vector<std::uint8_t> out(static_cast<std::size_t>(width) * height);
        detail::require(detail::call(aecsad_result_copy_classes, handle_, width, height, out.data(), out.size()));
        return out;
    }

#ifdef CV_VERSION
    // A map as CV_32F, at the size of the image.
    cv::Mat mat(Map which = Map::fused) const { return cv::Mat(map(which), true).reshape(1, height()); }
#endif

    aecsad_result *get() const noexcept { return handle_; }

private:
    void size_to_image(int &width, int &height) const {
        width = width ? width : summary_.width;
        height = height ? height : summary_.height;
    }
    aecsad_result *handle_;
    aecsad_summary summary_;
};

// How to run a model: threads per inspection (0: all cores), inspections at once
// (0: one), device ("auto", "cpu", "ref", "cuda:1"; empty: AECSAD_DEVICE, else auto).
struct Options {
    int threads = 0;
    int sessions = 0;
    std::string device;
    std::string product; // of a file with several products; empty: the only one
    std::string precision; // "f32", on GPUs "tf32", "bf16", "f16", on CPUs "int8"; empty: f32
    std::uint64_t memory_limit = 0; // bytes, see aecsad_options; 0: none
};

// A model, ready to inspect. Safe for concurrent use.
class Detector {
public:
    explicit Detector(const std::string &path, const Options &options = {})
        : Detector(try_open(path, options).value()) {}

    static Expected<Detector> try_open(const std::string &path, const Options &options = {}) {
        const aecsad_options o = c_options(options);
        aecsad_detector *d = nullptr;
        Failure f = detail::call(aecsad_detector_open, path.c_str(), &o, &d);
        return made(d, std::move(f));
    }

    // Opens a model that is in memory; it is copied.
    static Expected<Detector> try_open_memory(const void *data, std::size_t size, const Options &options = {}) {
        const aecsad_options o = c_options(options);
        aecsad_detector *d = nullptr;
        Failure f = detail::call(aecsad_detector_open_memory, data, size, &o, &d);
        return made(d, std::move(f));
    }

    Detector(Detector &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Detector &operator=(Detector &&other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Detector() { aecsad_detector_free(handle_); }

    Result inspect(const Image &image) const { return try_inspect(image).value(); }

    Expected<Result> try_inspect(const Image &image) const {
        aecsad_result *r = nullptr;
        Failure f = detail::call(aecsad_inspect, handle_, static_cast<const aecsad_image *>(&image), &r);
        if (f.code != AECSAD_OK)
            return f;
        return Result(r);
    }

    // As many at once as there are sessions; all or nothing.
    std::vector<Result> inspect(const std::vector<Image> &images) const { return try_inspect(images).value(); }

    Expected<std::vector<Result>> try_inspect(const std::vector<Image> &images) const {
        std::vector<const aecsad_image *> pointers;
        for (const Image &i : images)
            pointers.push_back(&i);
        std::vector<aecsad_result *> handles(images.size());
        Failure f = detail::call(aecsad_inspect_batch, handle_, pointers.data(), pointers.size(), handles.data());
        if (f.code != AECSAD_OK)
            return f;
        std::vector<Result> results;
        results.reserve(handles.size());
        for (aecsad_result *h : handles)
            results.emplace_back(h);
        return results;
    }

#ifdef CV_VERSION
    // A cv::Mat converts to vectors too, so it has functions of its own.
    Result inspect(const cv::Mat &image) const { return inspect(Image(image)); }
    Expected<Result> try_inspect(const cv::Mat &image) const { return try_inspect(Image(image)); }
#endif

    aecsad_info info() const { return detail::fill<aecsad_info>(aecsad_detector_info, handle_); }

    // Names of the component classes 1, 2, ...; element 0 is "background".
    std::vector<std::string> components() const {
        std::vector<std::string> names{"background"};
        const int count = info().components;
        for (int i = 1; i <= count; i++) {
            char buffer[1024];
            detail::require(detail::call(aecsad_detector_component, handle_, i, buffer, sizeof buffer));
            names.emplace_back(buffer);
        }
        return names;
    }

    void set_threshold(double score) { try_set_threshold(score).value(); }
    Expected<void> try_set_threshold(double score) {
        return detail::call(aecsad_detector_set_threshold, handle_, score);
    }

    // The score that a share of rate of good images exceeds; AECSAD_ERR_TOO_FEW
    // when the model has too few validation images, unless extrapolate.
    void set_false_alarm_rate(double rate, bool extrapolate = false) {
        try_set_false_alarm_rate(rate, extrapolate).value();
    }
    Expected<void> try_set_false_alarm_rate(double rate, bool extrapolate = false) {
        return detail::call(aecsad_detector_set_false_alarm_rate, handle_, rate, int32_t{extrapolate});
    }

    aecsad_detector *get() const noexcept { return handle_; }

private:
    explicit Detector(aecsad_detector *handle) : handle_(handle) {}

    static Expected<Detector> made(aecsad_detector *d, Failure f) {
        if (f.code != AECSAD_OK)
            return f;
        return Detector(d);
    }
    static aecsad_options c_options(const Options &options) {
        auto o = detail::sized<aecsad_options>();
        o.threads = options.threads;
        o.sessions = options.sessions;
        o.device = options.device.c_str();
        o.product = options.product.c_str();
        o.precision = options.precision.c_str();
        o.memory_limit = options.memory_limit;
        return o;
    }
    aecsad_detector *handle_;
};

} // namespace aecsad

#endif
