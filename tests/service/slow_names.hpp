#pragma once

#include <string>
#include <vector>

namespace service {

// Put in front of a command: its name server never answers (slow_names.cpp). The library is named
// by its folder, since LD_PRELOAD takes no path with a blank (ld.so(8)).
inline const std::vector<std::string> slow_names = {"env", "LD_LIBRARY_PATH=" SLOW_NAMES_FOLDER,
                                                    "LD_PRELOAD=" SLOW_NAMES,
                                                    "ASAN_OPTIONS=verify_asan_link_order=0"};

}  // namespace service
