// Inspects PPM images: inspect MODEL IMAGE...
// Needs nothing but a compiler; opencv.cpp reads any image file or camera.
#include <cstdio>

#include <aecsad.hpp>

#include "ppm.hpp"

int main(int argc, char **argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: %s MODEL IMAGE.ppm...\n", argv[0]);
        return 2;
    }
    try {
        const aecsad::Detector detector(argv[1]);
        for (int i = 2; i < argc; i++) {
            const Picture p = read_ppm(argv[i]);
            const aecsad::Result r = detector.inspect(aecsad::Image::rgb(p.pixels.data(), p.width, p.height));
            std::printf("%s: %s %s, score %.3f (threshold %.3f), p %.3f\n", argv[i], name(r.decision()), name(r.kind()),
                        r.score(), r.threshold(), r.p_value());
            for (const aecsad::Finding &f : r.findings())
                std::printf("  %s\n", f.sentence.c_str());
        }
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
}
