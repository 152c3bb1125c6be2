#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace client {

/// Round places on an axis: multiples of 1, 2 or 5 times a power of ten, in order.
using Ticks = std::vector<double>;

/// Multiples of one step within [from, to]: at most `most`, which is 2 or more. Has no tick if
/// neither end is round and no round number is between them; one if from is to.
Ticks round_ticks(double from, double to, std::size_t most);

/// From 0 to the first multiple of the step that is not below `top`, so that nothing ends above the
/// axis: at most most + 1. The step is least or more. Has 0 and the step if top is 0.
Ticks ticks_from_zero(double top, std::size_t most, double least = 0);

/// For a logarithmic axis, where from is above 0: 1, 2 and 5 in each decade within [from, to] or,
/// if these are too many, each or each n-th power of ten. If there are fewer than three of the
/// first kind, the ticks are those of round_ticks.
Ticks logarithmic_ticks(double from, double to, std::size_t most);

/// `20 µs`, `1.5 ms`, `10 s`: nanoseconds, as exactly as a tick needs.
std::string time_label(double nanoseconds);
/// `500`, `1.5k`, `20M`.
std::string count_label(double count);

}  // namespace client
