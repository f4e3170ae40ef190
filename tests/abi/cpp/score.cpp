// Prints what the C++ interface says about pictures, as scores.txt has it:
// score MODEL PICTURE.ppm...
#include <cstdio>
#include <cstring>

#include <aecsad.hpp>

#include "examples/ppm.hpp"

static unsigned long long fnv(const void *data, std::size_t n) {
    std::uint64_t h = 14695981039346656037u;
    for (auto p = static_cast<const unsigned char *>(data); n--; p++)
        h = (h ^ *p) * 1099511628211u;
    return h;
}

static unsigned long long bits(double x) {
    std::uint64_t u;
    std::memcpy(&u, &x, sizeof u);
    return u;
}

static void print(const std::string &name, int threads, const aecsad::Result &r, const aecsad_info &info) {
    const auto fused = r.map(aecsad::Map::fused, info.map_side, info.map_side);
    const auto classes = r.classes(info.side, info.side);
    std::printf("%s threads %d %016llx %016llx %016llx %016llx %s %016llx %016llx\n", name.c_str(), threads,
                bits(r.score()), bits(r.structural()), bits(r.logical()), bits(r.p_value()), aecsad::name(r.decision()),
                fnv(fused.data(), fused.size() * sizeof(float)), fnv(classes.data(), classes.size()));
    for (const auto &f : r.findings())
        std::printf("  %s at %d %d %d %d\n", f.sentence.c_str(), f.box.x, f.box.y, f.box.width, f.box.height);
}

int main(int argc, char **argv) {
    for (int threads = 1; threads <= 2; threads++) {
        aecsad::Options options;
        options.threads = threads;
        const aecsad::Detector detector(argv[1], options);
        const auto info = detector.info();
        for (int i = 2; i < argc; i++) {
            const std::string path = argv[i];
            const Picture p = read_ppm(path);
            print(path.substr(path.rfind('/') + 1), threads,
                  detector.inspect(aecsad::Image::rgb(p.pixels.data(), p.width, p.height)), info);
        }
    }
}
