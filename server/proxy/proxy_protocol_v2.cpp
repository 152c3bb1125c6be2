// PROXY protocol, section 2.2: a signature, four bytes that say what follows, addresses,
// extensions.
#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cstdint>
#include <optional>
#include <variant>

#include "server/net/network.hpp"
#include "server/proxy/proxy_protocol.hpp"

namespace server {

namespace {

namespace ip = boost::asio::ip;
using namespace std::string_view_literals;

constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t fixed_size = 16;
constexpr std::size_t extension_head_size = 3;  // type, length
constexpr std::uint8_t crc32c_type = 0x03;
constexpr std::size_t crc32c_size = 4;

enum Family : std::uint8_t { family_unspecified, family_ipv4, family_ipv6, family_unix };
enum Transport : std::uint8_t { transport_unspecified, transport_stream, transport_datagram };

std::uint8_t byte_at(std::string_view bytes, std::size_t position) {
  return static_cast<std::uint8_t>(bytes[position]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t position) {
  return static_cast<std::uint16_t>(byte_at(bytes, position) << 8 | byte_at(bytes, position + 1));
}

template <typename Address>
ip::tcp::endpoint source_endpoint(std::string_view addresses) {
  typename Address::bytes_type source;
  std::copy_n(addresses.begin(), source.size(), source.begin());
  return {unmapped(Address(source)), number_at(addresses, 2 * source.size())};
}

// Sections 2.2 and 2.2.3: over the whole header, with the checksum's own bytes as zeros.
bool checksum_matches(std::string_view header, std::size_t position) {
  constexpr std::array<char, crc32c_size> zeros = {};
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(header.data(), position);
  crc.process_bytes(zeros.data(), zeros.size());
  const std::string_view after = header.substr(position + crc32c_size);
  crc.process_bytes(after.data(), after.size());
  const std::uint32_t sent =
      std::uint32_t{number_at(header, position)} << 16 | number_at(header, position + 2);
  return crc.checksum() == sent;
}

struct Extensions {
  std::string_view malformed;           // the reason, empty if they are well-formed so far
  std::optional<std::size_t> checksum;  // where the CRC32C is
};

// Walks over the extensions from `position` to the header's end as far as they have arrived.
Extensions walk_extensions(std::string_view bytes, std::size_t position, std::size_t size) {
  Extensions extensions;
  while (position < size && extensions.malformed.empty()) {
    const std::size_t value = position + extension_head_size;
    if (value > size) {
      extensions.malformed = "version 2 extension is cut off";
      break;
    }
    if (value > bytes.size()) break;
    const std::size_t length = number_at(bytes, position + 1);
    if (length > size - value) {
      extensions.malformed = "version 2 extension is longer than its header";
    } else if (byte_at(bytes, position) == crc32c_type) {
      if (length != crc32c_size || extensions.checksum)
        extensions.malformed = "version 2 checksum is not four bytes, given once";
      extensions.checksum = value;
    }
    position = value + length;
  }
  return extensions;
}

std::size_t addresses_size(std::uint8_t family) {
  switch (family) {
    case family_ipv4:
      return 2 * (4 + 2);
    case family_ipv6:
      return 2 * (16 + 2);
    case family_unix:
      return 2 * 108;
    default:
      return 0;
  }
}

// The sixteen bytes before the addresses.
struct FixedPart {
  bool local = false;
  std::uint8_t family = family_unspecified;
  std::uint8_t transport = transport_unspecified;
  std::size_t size = 0;  // of the whole header

  // Whether the layout of what follows is not defined.
  bool opaque() const {
    return local || family == family_unspecified || transport == transport_unspecified;
  }
};

std::variant<ProxyHeaderIncomplete, ProxyHeaderMalformed, FixedPart> parse_fixed_part(
    std::string_view bytes) {
  if (bytes.substr(0, signature.size()) != signature.substr(0, bytes.size()))
    return ProxyHeaderMalformed{"does not begin with a PROXY header"};
  if (bytes.size() <= signature.size()) return ProxyHeaderIncomplete{};
  const std::uint8_t version_and_command = byte_at(bytes, 12);
  if (version_and_command != 0x20 && version_and_command != 0x21)
    return ProxyHeaderMalformed{"version 2 header has an unknown version or command"};
  FixedPart fixed{.local = version_and_command == 0x20};
  if (bytes.size() < 14) return ProxyHeaderIncomplete{};
  fixed.family = byte_at(bytes, 13) >> 4;
  fixed.transport = byte_at(bytes, 13) & 0x0F;
  if (!fixed.local && (fixed.family > family_unix || fixed.transport > transport_datagram))
    return ProxyHeaderMalformed{"version 2 header has an unknown address family or transport"};
  if (bytes.size() < fixed_size) return ProxyHeaderIncomplete{};
  fixed.size = fixed_size + number_at(bytes, 14);
  if (fixed.size > max_proxy_header_size)
    return ProxyHeaderMalformed{"version 2 header is longer than 4096 bytes"};
  return fixed;
}

std::optional<ip::tcp::endpoint> source_of(std::string_view addresses, const FixedPart& fixed) {
  if (fixed.opaque() || fixed.transport != transport_stream) return std::nullopt;
  switch (fixed.family) {
    case family_ipv4:
      return source_endpoint<ip::address_v4>(addresses);
    case family_ipv6:
      return source_endpoint<ip::address_v6>(addresses);
    default:
      return std::nullopt;
  }
}

}  // namespace

ProxyHeaderResult parse_proxy_v2(std::string_view bytes) {
  const auto first = parse_fixed_part(bytes);
  if (const auto* malformed = std::get_if<ProxyHeaderMalformed>(&first)) return *malformed;
  const auto* fixed = std::get_if<FixedPart>(&first);
  if (fixed == nullptr) return ProxyHeaderIncomplete{};
  Extensions extensions;
  if (!fixed->opaque()) {
    const std::size_t addresses_end = fixed_size + addresses_size(fixed->family);
    if (addresses_end > fixed->size)
      return ProxyHeaderMalformed{"version 2 header is too short for its addresses"};
    extensions = walk_extensions(bytes, addresses_end, fixed->size);
  }
  if (!extensions.malformed.empty()) return ProxyHeaderMalformed{extensions.malformed};
  if (bytes.size() < fixed->size) return ProxyHeaderIncomplete{};
  // Last, since it needs the whole header: what is wrong with a part of it has been said by then.
  const std::string_view header = bytes.substr(0, fixed->size);
  if (extensions.checksum && !checksum_matches(header, *extensions.checksum))
    return ProxyHeaderMalformed{"version 2 checksum does not match"};
  return ProxyHeader{.size = fixed->size,
                     .source = source_of(bytes.substr(fixed_size), *fixed),
                     .local = fixed->local};
}

}  // namespace server
