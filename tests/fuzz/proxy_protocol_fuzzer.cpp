// Any bytes as a PROXY header: never a crash, and the result does not depend on how the bytes were
// split.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/proxy/proxy_protocol.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

using fuzz::require;
using server::ProxyHeaderResult;
using server::ProxyProtocol;

void check(std::string_view bytes, ProxyProtocol accepted) {
  const ProxyHeaderResult whole = parse_proxy_header(bytes, accepted);
  if (!whole) {
    require(!whole.error().empty(), "a malformed header has a reason");
  } else if (const auto& header = *whole) {
    require(header->size > 0 && header->size <= bytes.size(),
            "a header takes only bytes that are there");
    require(header->size <= server::max_proxy_header_size, "a header is not longer than the limit");
    require(!(header->local && header->source), "the proxy itself is not somebody else");
  } else {
    require(bytes.size() < server::max_proxy_header_size, "a header is decided within the limit");
  }
  bool decided = false;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    // A copy of exactly these bytes, so that AddressSanitizer sees a read beyond them.
    const std::string part(bytes.substr(0, size));
    const ProxyHeaderResult result = parse_proxy_header(part, accepted);
    decided = decided || !result || *result;
    require(!decided || result == whole, "the result does not depend on the split");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  for (const auto accepted : {ProxyProtocol::v1, ProxyProtocol::v2, ProxyProtocol::any}) {
    check(bytes, accepted);
  }
  return 0;
}
