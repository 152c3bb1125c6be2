// Any bytes as a configuration file: accepted or refused with one line, never a crash; what is
// accepted prints as a file that loads again to the same configuration.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/config/loader.hpp"

namespace {

void require(bool promise, const char* what, const std::string& detail) {
  if (!promise) {
    std::fprintf(stderr, "broken promise: %s\n%s\n", what, detail.c_str());
    std::abort();
  }
}

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code < 0x20 || code == 0x7F;
  });
}

}  // namespace

// libFuzzer's name for it. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string yaml(data, data + size);
  try {
    const server::Config config = server::parse_config(yaml, "fuzz.yaml");
    const std::string printed = server::to_yaml(config);
    try {
      require(server::parse_config(printed, "printed.yaml") == config, "loads again to the same",
              printed);
    } catch (const server::ConfigError& error) {
      require(false, error.what(), printed);
    }
  } catch (const server::ConfigError& error) {
    const std::string message = error.what();
    require(is_one_line(message), "the error is one line", message);
    require(message.starts_with("fuzz.yaml:"), "the error names the file", message);
  }
  return 0;
}
