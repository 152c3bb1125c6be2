#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace service {

// The same bytes for the same seed, all 256 values among them.
std::string random_bytes(std::size_t size, std::uint64_t seed = 1);

// Fails unless both are the same. Reports the first difference instead of printing both.
void expect_same_bytes(const std::string& expected, const std::string& actual);

}  // namespace service
