#include "server/proxy/proxy_protocol.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cstdint>
#include <utility>

#include "program/quantity.hpp"
#include "server/net/network.hpp"

namespace server {
namespace {

namespace ip = boost::asio::ip;
using namespace std::string_view_literals;

constexpr std::string_view no_header = "does not begin with a PROXY header";

// ---- version 1, section 2.1: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"

constexpr std::string_view v1_signature = "PROXY ";
constexpr std::size_t longest_line = 107;  // with the CR LF

// Takes the first word of the line away, with the space behind it.
std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<ip::address> take_address(std::string_view& line, bool ipv4) {
  const auto address = parse_address(take_word(line));
  return address && address->is_v4() == ipv4 ? address : std::nullopt;
}

std::optional<std::uint16_t> port_of(std::string_view word) {
  const auto port = program::parse_whole_number(word);
  return port && *port <= 65535 ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

// `line` is the text between the signature and the CR LF.
ProxyHeaderResult parse_line(std::string_view line, std::size_t size) {
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return ProxyHeader{.size = size};
  const bool ipv4 = protocol == "TCP4";
  if (!ipv4 && protocol != "TCP6") return "version 1 line names no known protocol"sv;
  const auto source = take_address(line, ipv4);
  if (!source) return "version 1 source address is not valid"sv;
  if (!take_address(line, ipv4)) return "version 1 destination address is not valid"sv;
  const auto port = port_of(take_word(line));
  if (!port) return "version 1 source port is not valid"sv;
  if (!port_of(line)) return "version 1 destination port is not valid"sv;
  return ProxyHeader{.size = size, .source = ip::tcp::endpoint(unmapped(*source), *port)};
}

ProxyHeaderResult parse_v1(std::string_view bytes) {
  bytes = bytes.substr(0, longest_line);
  if (!bytes.starts_with(v1_signature.substr(0, bytes.size()))) return no_header;
  const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
  const std::string_view ending = bytes.substr(end, 2);
  if (!"\r\n"sv.starts_with(ending)) return "version 1 line does not end in CR LF"sv;
  if (ending.size() == 2)
    return parse_line(bytes.substr(v1_signature.size(), end - v1_signature.size()), end + 2);
  if (bytes.size() == longest_line) return "version 1 line is longer than 107 bytes"sv;
  return std::nullopt;
}

// ---- version 2, section 2.2: a signature, four bytes, addresses, extensions

constexpr std::string_view v2_signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t fixed_size = 16;
constexpr std::size_t extension_head_size = 3;  // type, length
constexpr std::uint8_t crc32c_type = 0x03;
constexpr std::size_t crc32c_size = 4;

enum Family : std::uint8_t { family_unspecified, family_ipv4, family_ipv6, family_unix };
enum Transport : std::uint8_t { transport_unspecified, transport_stream, transport_datagram };

// Of both, with their ports; by family.
constexpr std::array<std::size_t, 4> sizes_of_addresses = {0, 2 * (4 + 2), 2 * (16 + 2), 2 * 108};

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

// The reason if the extensions from `position` to the header's end are malformed.
std::optional<std::string_view> fault_of_extensions(std::string_view header, std::size_t position) {
  std::optional<std::size_t> checksum;
  while (position < header.size()) {
    const std::size_t value = position + extension_head_size;
    if (value > header.size()) return "version 2 extension is cut off";
    const std::size_t length = number_at(header, position + 1);
    if (length > header.size() - value) return "version 2 extension is longer than its header";
    if (byte_at(header, position) == crc32c_type) {
      if (length != crc32c_size || checksum)
        return "version 2 checksum is not four bytes, given once";
      checksum = value;
    }
    position = value + length;
  }
  if (checksum && !checksum_matches(header, *checksum)) return "version 2 checksum does not match";
  return std::nullopt;
}

ProxyHeaderResult parse_v2(std::string_view bytes) {
  if (!bytes.starts_with(v2_signature.substr(0, bytes.size()))) return no_header;
  if (bytes.size() < fixed_size) return std::nullopt;
  const std::uint8_t version_and_command = byte_at(bytes, 12);
  const bool local = version_and_command == 0x20;
  if (!local && version_and_command != 0x21)
    return "version 2 header has an unknown version or command"sv;
  const unsigned family = byte_at(bytes, 13) >> 4U;
  const unsigned transport = byte_at(bytes, 13) & 0x0FU;
  if (!local && (family > family_unix || transport > transport_datagram))
    return "version 2 header has an unknown address family or transport"sv;
  const std::size_t size = fixed_size + number_at(bytes, 14);
  if (size > max_proxy_header_size) return "version 2 header is longer than 4096 bytes"sv;
  if (bytes.size() < size) return std::nullopt;

  ProxyHeader header{.size = size, .source = {}, .local = local};
  if (local || family == family_unspecified || transport == transport_unspecified) return header;
  const std::size_t addresses_end = fixed_size + sizes_of_addresses.at(family);
  if (addresses_end > size) return "version 2 header is too short for its addresses"sv;
  if (const auto fault = fault_of_extensions(bytes.substr(0, size), addresses_end)) return *fault;
  const std::string_view addresses = bytes.substr(fixed_size);
  if (transport == transport_stream && family == family_ipv4)
    header.source = source_endpoint<ip::address_v4>(addresses);
  if (transport == transport_stream && family == family_ipv6)
    header.source = source_endpoint<ip::address_v6>(addresses);
  return header;
}

}  // namespace

ProxyHeaderResult parse_proxy_header(std::string_view bytes, ProxyProtocol accepted) {
  if (accepted == ProxyProtocol::off) return "no PROXY header is accepted"sv;
  if (accepted == ProxyProtocol::any) {
    if (bytes.empty()) return std::nullopt;
    // The first byte decides: a version 2 signature begins with a carriage return.
    accepted = bytes.front() == '\r' ? ProxyProtocol::v2 : ProxyProtocol::v1;
  }
  return accepted == ProxyProtocol::v2 ? parse_v2(bytes) : parse_v1(bytes);
}

}  // namespace server
