// Any bytes as the state of an upgrade: never a crash, a refusal has a reason, and a state that is
// read is written and read again.
//
// The first byte of the input is the size of the bulk at its end, and the rest is CBOR. The fuzzer
// writes the first line, so that no checksum keeps its changes from the reader.
#include <fmt/format.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/upgrade/state_codec.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

using fuzz::require;

void check(const std::string& bytes) {
  const auto state = server::decode(bytes);
  if (!state) {
    require(!state.error().empty(), "a refusal has a reason");
    require(state.error().find('\n') == std::string::npos, "a reason is one line");
    return;
  }
  const std::string written = encode(*state);
  const auto again = server::decode(written);
  require(again.has_value(), "a state that was read can be written and read");
  require(encode(*again) == written, "the same state is written again");
}

std::string with_first_line(std::string_view cbor, std::string_view bulk) {
  boost::crc_32_type crc;
  crc.process_bytes(cbor.data(), cbor.size());
  return fmt::format("coroecho state {} {} {:08x}\n{}{}", server::state_version, cbor.size(),
                     crc.checksum(), cbor, bulk);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  check(bytes);
  if (bytes.empty()) return 0;
  const std::string_view rest = std::string_view(bytes).substr(1);
  const std::size_t bulk = std::min<std::size_t>(data[0], rest.size());
  check(with_first_line(rest.substr(0, rest.size() - bulk), rest.substr(rest.size() - bulk)));
  return 0;
}
