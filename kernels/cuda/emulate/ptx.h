// The entries of a PTX text, to compare with the kernels of the source.

#ifndef AECSAD_EMULATE_PTX_H
#define AECSAD_EMULATE_PTX_H

#include <string>
#include <vector>

#include "device.h"

struct ptx_entry {
	std::string name;
	std::vector<std::string> types; // of the parameters: "u64"
};

// ptx_entries reads ".visible .entry name( .param .u64 name_param_0, ... )".
inline std::vector<ptx_entry> ptx_entries(const std::string &text) {
	std::vector<ptx_entry> out;
	const std::string mark = ".entry ", param = ".param .";
	for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
		at += mark.size();
		size_t open = text.find('(', at), close = text.find(')', at);
		if (open == std::string::npos || close == std::string::npos)
			break;
		ptx_entry e = {text.substr(at, open - at), {}};
		for (size_t p = text.find(param, open); p < close; p = text.find(param, p)) {
			p += param.size();
			e.types.push_back(text.substr(p, text.find_first_of(" \t", p) - p));
		}
		out.push_back(e);
		at = close;
	}
	return out;
}

// ptx_mismatch is empty, or says how the entry differs from the kernel.
inline std::string ptx_mismatch(const ptx_entry &e, const ae_kernel *k) {
	if (!k)
		return "the PTX has a kernel " + e.name + ", the source has none";
	if ((int)e.types.size() != k->parameters)
		return e.name + ": the PTX has " + std::to_string(e.types.size()) + " parameters, the source " + std::to_string(k->parameters);
	for (size_t i = 0; i < e.types.size(); i++)
		if (e.types[i] != "u64" && e.types[i] != "b64" && e.types[i] != "s64")
			return e.name + ": parameter " + std::to_string(i) + " is a " + e.types[i] + ", expected 8 bytes";
	return "";
}

#endif
