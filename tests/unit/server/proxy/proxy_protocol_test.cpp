#include "server/proxy/proxy_protocol.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace server {

// GoogleTest's name for it.
void PrintTo(const ProxyHeaderResult& result,  // NOLINT(readability-identifier-naming)
             std::ostream* out) {
  if (!result) {
    *out << "malformed: " << result.error();
  } else if (const auto& header = *result) {
    *out << "header of " << header->size << " bytes, source ";
    header->source ? *out << *header->source : *out << "none";
    *out << (header->local ? ", local" : "");
  } else {
    *out << "incomplete";
  }
}

namespace {

using namespace std::string_view_literals;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(unsigned char command, unsigned char family, std::string_view rest) {
  std::string header = signature;
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(rest.size() >> 8);
  header += static_cast<char>(rest.size() & 0xFF);
  return header.append(rest);
}

// 192.0.2.1:56324 to 192.0.2.2:443.
const std::string ipv4_addresses("\xC0\x00\x02\x01\xC0\x00\x02\x02\xDC\x04\x01\xBB", 12);
// [2001:db8::1]:56324 to [2001:db8::2]:443.
const std::string ipv6_addresses(
    "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02\xDC\x04"
    "\x01\xBB",
    36);

boost::asio::ip::tcp::endpoint endpoint(const char* address, unsigned short port) {
  return {boost::asio::ip::make_address(address), port};
}

ProxyHeader header_from(std::size_t size, const char* address, unsigned short port) {
  return {.size = size, .source = endpoint(address, port), .local = false};
}

ProxyHeader header_from_nobody(std::size_t size) {
  return {.size = size, .source = std::nullopt, .local = false};
}

ProxyHeaderResult parse(std::string_view bytes) {
  return parse_proxy_header(bytes, ProxyProtocol::any);
}

bool is_malformed(const ProxyHeaderResult& result) {
  return result.has_error();
}

bool is_incomplete(const ProxyHeaderResult& result) {
  return result && !*result;
}

TEST(ProxyProtocolV1, GivesTheSourceAndTheSizeOfTheHeader) {
  const auto line = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"sv;
  EXPECT_EQ(parse(std::string(line) + "PROXY is data by now"),
            ProxyHeaderResult(header_from(line.size(), "192.0.2.1", 56324)));
  const auto line6 = "PROXY TCP6 2001:DB8::1 ::1 0 65535\r\n"sv;
  EXPECT_EQ(parse(line6), ProxyHeaderResult(header_from(line6.size(), "2001:db8::1", 0)));
}

TEST(ProxyProtocolV1, GivesAMappedSourceAsIpv4) {
  const auto line = "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n"sv;
  EXPECT_EQ(parse(line), ProxyHeaderResult(header_from(line.size(), "192.0.2.1", 1)));
}

TEST(ProxyProtocolV1, UnknownGivesNoSourceWhateverElseTheLineSays) {
  for (const auto line : {"PROXY UNKNOWN\r\n"sv, "PROXY UNKNOWN \r\n"sv,
                          "PROXY UNKNOWN ::1 ::1 1 2\r\n"sv, "PROXY UNKNOWN \0\xFF\r\n"sv}) {
    EXPECT_EQ(parse(line), ProxyHeaderResult(header_from_nobody(line.size())));
  }
}

TEST(ProxyProtocolV1, TakesTheLongestLineOfTheSpecificationAndNoLongerOne) {
  const std::string longest = "PROXY UNKNOWN " + std::string(107 - 16, 'f') + "\r\n";
  ASSERT_EQ(longest.size(), 107U);
  EXPECT_EQ(parse(longest), ProxyHeaderResult(header_from_nobody(107)));
  EXPECT_TRUE(is_malformed(parse("PROXY UNKNOWN " + std::string(107 - 15, 'f') + "\r\n")));
  EXPECT_TRUE(is_malformed(parse("PROXY UNKNOWN " + std::string(107 - 14, 'f'))));
  EXPECT_TRUE(is_incomplete(parse("PROXY UNKNOWN " + std::string(107 - 15, 'f'))));
}

class WrongV1Line : public ::testing::TestWithParam<std::string_view> {};

TEST_P(WrongV1Line, IsMalformed) {
  EXPECT_TRUE(is_malformed(parse(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(
    Ended, WrongV1Line,
    ::testing::Values(
        "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"sv, "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n"sv,
        "PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n"sv, "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"sv,
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"sv, "PROXY TCP4 ::1 ::1 1 2\r\n"sv,
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"sv, "PROXY TCP4 192.0.2.1 1 2\r\n"sv,
        "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.256 1 2\r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 1 -2\r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx"sv,
        "PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"sv, "PROXY TCP6 fe80::1%lo ::1 1 2\r\n"sv,
        "PROXY TCP4\r\n"sv, "PROXY\r\n"sv, "PROXY UNKNOWN\n"sv, "PROXY UNKNOWN x\n\r\n"sv,
        "PROXY X\r\n"sv, "PROXY TCP5\r\n"sv, "PROXY TCP4 x\r\n"sv,
        "PROXY TCP4 1.2.3.999 1.2.3.4 1 2\r\n"sv, "PROXY TCP4 256. 1.2.3.4 1 2\r\n"sv,
        "PROXY TCP4 1..2 1.2.3.4 1 2\r\n"sv, "PROXY TCP6 12345 ::1 1 2\r\n"sv,
        "PROXY TCP6 1::2:: ::1 1 2\r\n"sv, "PROXY TCP6 1:2:3:4:5:6:7:8: ::1 1 2\r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 00 2\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 70000 2\r\n"sv,
        "PROXY UNKNOWN x\rx\r\n"sv, "PROXY UNKNOWNX\r\n"sv, "GET / HTTP/1.1\r\n"sv));

INSTANTIATE_TEST_SUITE_P(RefusedBeforeItsEnd, WrongV1Line,
                         ::testing::Values("G"sv, "PROXX"sv, "PROXYX"sv, "GET / HTTP/1.1"sv,
                                           "PROXY UNKNOWN\n"sv,
                                           "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"sv));

TEST(ProxyProtocolV2, GivesTheSourceAndTheSizeOfTheHeader) {
  EXPECT_EQ(parse(v2(0x21, 0x11, ipv4_addresses) + "data"),
            ProxyHeaderResult(header_from(28, "192.0.2.1", 56324)));
  EXPECT_EQ(parse(v2(0x21, 0x21, ipv6_addresses) + "data"),
            ProxyHeaderResult(header_from(52, "2001:db8::1", 56324)));
}

TEST(ProxyProtocolV2, GivesAMappedSourceAsIpv4) {
  std::string addresses = ipv6_addresses;
  addresses.replace(0, 16, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\x00\x02\x01"sv);
  EXPECT_EQ(parse(v2(0x21, 0x21, addresses)),
            ProxyHeaderResult(header_from(52, "192.0.2.1", 56324)));
}

TEST(ProxyProtocolV2, LocalIsTheProxyItselfWhateverTheHeaderCarries) {
  for (const std::string& header :
       {v2(0x20, 0x00, ""), v2(0x20, 0x11, ipv4_addresses), v2(0x20, 0xFF, "anything at all")}) {
    EXPECT_EQ(parse(header), ProxyHeaderResult(ProxyHeader{
                                 .size = header.size(), .source = std::nullopt, .local = true}));
  }
}

TEST(ProxyProtocolV2, UnixDatagramAndUnspecifiedGiveNoSource) {
  for (const std::string& header :
       {v2(0x21, 0x31, std::string(216, '/')), v2(0x21, 0x12, ipv4_addresses),
        v2(0x21, 0x22, ipv6_addresses), v2(0x21, 0x00, ""), v2(0x21, 0x00, "anything"),
        v2(0x21, 0x10, ipv4_addresses), v2(0x21, 0x01, "")}) {
    EXPECT_EQ(parse(header), ProxyHeaderResult(header_from_nobody(header.size())));
  }
}

TEST(ProxyProtocolV2, SkipsExtensions) {
  const std::string extensions("\x04\x00\x00\x05\x00\x03id1\xEE\x01\x00", 12);
  const std::string header = v2(0x21, 0x11, ipv4_addresses + extensions + std::string(256, 'x'));
  EXPECT_EQ(parse(header + "data"),
            ProxyHeaderResult(header_from(header.size(), "192.0.2.1", 56324)));
}

// The checksum was computed by an independent implementation (a bitwise CRC-32C that gives E3069283
// for "123456789").
TEST(ProxyProtocolV2, VerifiesAChecksum) {
  const std::string extension("\x03\x00\x04\x00\x00\x00\x00", 7);
  std::string header = v2(0x21, 0x11, ipv4_addresses + extension);
  header.replace(31, 4, "\xD6\xC8\xC7\x5F", 4);
  EXPECT_EQ(parse(header), ProxyHeaderResult(header_from(35, "192.0.2.1", 56324)));
  for (std::size_t byte = 16; byte < 28; ++byte) {
    std::string damaged = header;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 1);
    EXPECT_TRUE(is_malformed(parse(damaged))) << byte;
  }
}

TEST(ProxyProtocolV2, TakesAHeaderOf4096BytesAndNoLongerOne) {
  const std::string padding = std::string("\x04\x0F\xE1", 3) + std::string(0xFE1, '\0');
  const std::string longest = v2(0x21, 0x11, ipv4_addresses + padding);
  ASSERT_EQ(longest.size(), max_proxy_header_size);
  EXPECT_EQ(parse(longest),
            ProxyHeaderResult(header_from(max_proxy_header_size, "192.0.2.1", 56324)));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x00, std::string(4081, '\0')).substr(0, 16))));
}

TEST(ProxyProtocolV2, RefusesWhatIsNotOfThisVersion) {
  EXPECT_TRUE(is_malformed(parse("\r\n\r\n\0\r\nQUIX"sv)));
  EXPECT_TRUE(is_malformed(parse("\r\nhello")));
  EXPECT_TRUE(is_malformed(parse(v2(0x11, 0x11, ipv4_addresses))));
  EXPECT_TRUE(is_malformed(parse(v2(0x31, 0x11, ipv4_addresses))));
  EXPECT_TRUE(is_malformed(parse(v2(0x22, 0x11, ipv4_addresses))));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x41, ipv4_addresses))));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x13, ipv4_addresses))));
}

TEST(ProxyProtocolV2, RefusesALengthTooShortForItsAddresses) {
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x11, ipv4_addresses.substr(1)))));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x21, ipv6_addresses.substr(1)))));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x31, std::string(215, '/')))));
}

TEST(ProxyProtocolV2, RefusesExtensionsThatDoNotFitTheirHeader) {
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x11, ipv4_addresses + "\x04"))));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x11, ipv4_addresses + std::string("\x04\x00", 2)))));
  EXPECT_TRUE(is_malformed(parse(v2(0x21, 0x11, ipv4_addresses + std::string("\x04\x00\x01", 3)))));
  EXPECT_TRUE(
      is_malformed(parse(v2(0x21, 0x11, ipv4_addresses + std::string("\x03\x00\x01\x00", 4)))));
}

TEST(ProxyProtocol, DemandsTheVersionThatIsAccepted) {
  const auto v1_line = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"sv;
  const std::string v2_header = v2(0x21, 0x11, ipv4_addresses);
  EXPECT_EQ(parse_proxy_header(v1_line, ProxyProtocol::v1), parse(v1_line));
  EXPECT_EQ(parse_proxy_header(v2_header, ProxyProtocol::v2), parse(v2_header));
  EXPECT_TRUE(is_malformed(parse_proxy_header(v1_line, ProxyProtocol::v2)));
  EXPECT_TRUE(is_malformed(parse_proxy_header(v2_header, ProxyProtocol::v1)));
  EXPECT_TRUE(is_malformed(parse_proxy_header(v1_line, ProxyProtocol::off)));
}

std::vector<std::string> valid_headers() {
  return {"PROXY TCP4 192.0.2.1 255.255.255.255 56324 443\r\n",
          "PROXY TCP4 0.0.0.0 10.200.30.4 0 65535\r\n",
          "PROXY TCP6 2001:db8::1 2001:db8:1:2:3:4:5:6 56324 443\r\n",
          "PROXY TCP6 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1 2\r\n",
          "PROXY TCP6 :: ::1 1 2\r\n",
          "PROXY TCP6 ::ffff:192.0.2.1 1:2:3:4:5:6:192.0.2.1 1 2\r\n",
          "PROXY UNKNOWN\r\n",
          "PROXY UNKNOWN and more\r\n",
          v2(0x20, 0x00, ""),
          v2(0x21, 0x00, "anything"),
          v2(0x21, 0x11, ipv4_addresses),
          v2(0x21, 0x21, ipv6_addresses + std::string("\x04\x00\x02xy\x05\x00\x01i", 9)),
          v2(0x21, 0x31, std::string(216, '/'))};
}

TEST(ProxyProtocol, EveryBeginningOfAValidHeaderIsIncomplete) {
  for (const std::string& header : valid_headers()) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      const std::string_view beginning = std::string_view(header).substr(0, size);
      EXPECT_EQ(parse(beginning), ProxyHeaderResult(std::nullopt))
          << testing::PrintToString(beginning);
    }
  }
}

// However the bytes are split: incomplete until some point, and from there on always the same
// result.
void expect_the_same_result_at_every_split(std::string_view bytes) {
  const ProxyHeaderResult whole = parse(bytes);
  bool decided = false;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const ProxyHeaderResult result = parse(bytes.substr(0, size));
    decided = decided || !is_incomplete(result);
    if (decided) {
      EXPECT_EQ(result, whole) << size << " bytes of " << testing::PrintToString(bytes);
    }
  }
}

TEST(ProxyProtocol, TheResultDoesNotDependOnHowTheBytesAreSplit) {
  for (const std::string& header : valid_headers()) {
    expect_the_same_result_at_every_split(header + "and the first bytes of the client");
    for (std::size_t damaged = 0; damaged < header.size(); ++damaged) {
      for (const char byte : "\0\r\n 09:.fgU\x7F\xFF"sv) {
        std::string bytes = header + "data";
        bytes[damaged] = byte;
        expect_the_same_result_at_every_split(bytes);
      }
    }
  }
}

TEST(ProxyProtocol, AWrongChecksumBeforeAWrongExtensionIsTheSameAtEverySplit) {
  const std::string wrong_checksum("\x03\x00\x04\x01\x02\x03\x04", 7);
  expect_the_same_result_at_every_split(v2(0x21, 0x11, ipv4_addresses + wrong_checksum + "PROXY"));
  expect_the_same_result_at_every_split(v2(0x21, 0x11, ipv4_addresses + wrong_checksum + "x"));
  expect_the_same_result_at_every_split(v2(0x21, 0x11, ipv4_addresses + wrong_checksum));
}

}  // namespace
}  // namespace server
