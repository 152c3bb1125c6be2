// Any bytes as a configuration file: accepted or refused with one line, never a crash; what is
// accepted prints as a file that loads again to the same configuration.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/config/loader.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/printed_config.hpp"

using fuzz::is_one_line;
using fuzz::require;
using fuzz::require_loads_again;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string yaml(data, data + size);
  try {
    require_loads_again(server::parse_config(yaml, "fuzz.yaml"));
  } catch (const server::ConfigError& error) {
    const std::string message = error.what();
    require(is_one_line(message), "the error is one line", message);
    require(message.starts_with("fuzz.yaml:"), "the error names the file", message);
  }
  return 0;
}
