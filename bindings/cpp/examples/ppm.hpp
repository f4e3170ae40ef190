// Reads binary PPM files (P6, 8 bits), the simplest image files there are.
#pragma once

#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

struct Picture {
    int width = 0, height = 0;
    std::vector<unsigned char> pixels; // RGB, rows without padding
};

inline Picture read_ppm(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw std::runtime_error(path + ": cannot be opened");
    // Numbers are separated by white space and comments to the end of the line.
    auto number = [&in] {
        while ((in >> std::ws) && in.peek() == '#')
            in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        int n = 0;
        in >> n;
        return n;
    };
    std::string magic;
    in >> magic;
    Picture p;
    p.width = number();
    p.height = number();
    const int largest = number();
    if (!in || magic != "P6" || p.width < 1 || p.height < 1 || p.width > 65536 || p.height > 65536 || largest != 255)
        throw std::runtime_error(path + ": is not a binary PPM file with 8 bits (P6, 255)");
    in.get(); // one white space
    p.pixels.resize(std::size_t{3} * p.width * p.height);
    in.read(reinterpret_cast<char *>(p.pixels.data()), static_cast<std::streamsize>(p.pixels.size()));
    if (!in)
        throw std::runtime_error(path + ": ends early, after " + std::to_string(in.gcount()) + " of " +
                                 std::to_string(p.pixels.size()) + " bytes of pixels");
    return p;
}
