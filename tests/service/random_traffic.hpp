#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "tests/service/stream.hpp"

namespace service {

// Another one each time; COROECHO_SEED repeats a run.
std::uint64_t random_seed();

// A client with a size of any magnitude, from nothing to 2 to the power of `magnitudes` - 1 bytes,
// in up to 20 pieces, with pauses or without, that half-closes or resets.
Stream::Plan random_plan(std::mt19937_64& random, unsigned magnitudes = 21);

// The end of a client in a log of `format: json`.
struct LoggedEnd {
  std::string reason;
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
};

// By the clients' addresses.
std::map<std::string, LoggedEnd> logged_ends(const std::string& log);

// Everything came back after a half-close, the beginning of it otherwise, and the log agrees.
void expect_as_planned(const Stream& stream, const LoggedEnd& logged);

}  // namespace service
