#include "server/upgrade/cbor_reader.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "server/upgrade/cbor_writer.hpp"

namespace server {
namespace {

using testing::ElementsAre;

template <typename Number>
Number number(std::string_view bytes) {
  CborReader reader(bytes);
  const auto value = reader.number<Number>();
  EXPECT_TRUE(reader.at_end());
  return value;
}

template <typename Write>
std::string written(Write write) {
  CborWriter writer;
  write(writer);
  return writer.written();
}

std::string bytes_of(std::uint64_t value) {
  return written([&](CborWriter& cbor) { cbor.number(value); });
}

// The examples of RFC 8949, appendix A.
TEST(Cbor, WritesNumbersAsTheRfcDoes) {
  EXPECT_EQ(bytes_of(0), std::string(1, '\0'));
  EXPECT_EQ(bytes_of(23), "\x17");
  EXPECT_EQ(bytes_of(24), "\x18\x18");
  EXPECT_EQ(bytes_of(255), "\x18\xff");
  EXPECT_EQ(bytes_of(1000), "\x19\x03\xe8");
  EXPECT_EQ(bytes_of(1'000'000), std::string("\x1a\x00\x0f\x42\x40", 5));
  EXPECT_EQ(bytes_of(1'000'000'000'000), std::string("\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9));
  EXPECT_EQ(written([](CborWriter& cbor) { cbor.signed_number(-1000); }), "\x39\x03\xe7");
  EXPECT_EQ(written([](CborWriter& cbor) { cbor.real(1.1); }),
            "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a");
}

TEST(Cbor, NumbersOfAllSizesComeBack) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value : {1ULL << bit, (1ULL << bit) - 1}) {
      EXPECT_EQ(number<std::uint64_t>(bytes_of(value)), value);
      const auto negative = static_cast<std::int64_t>(~value | 1ULL << 63U);
      EXPECT_EQ(
          number<std::int64_t>(written([&](CborWriter& cbor) { cbor.signed_number(negative); })),
          negative);
    }
  }
  EXPECT_EQ(number<std::int64_t>(written([](CborWriter& cbor) { cbor.signed_number(least); })),
            least);
}

TEST(Cbor, RefusesANumberThatDoesNotFit) {
  EXPECT_EQ(number<std::uint16_t>(bytes_of(65535)), 65535);
  EXPECT_THROW(number<std::uint16_t>(bytes_of(65536)), CborError);
  EXPECT_THROW(number<int>(bytes_of(1ULL << 31U)), CborError);
  EXPECT_THROW(number<std::int64_t>(bytes_of(1ULL << 63U)), CborError);
  EXPECT_THROW(number<std::uint64_t>("\x20"), CborError);  // -1
  EXPECT_THROW(number<std::int64_t>("\x3b\x80\x00\x00\x00\x00\x00\x00\x00"), CborError);
}

TEST(Cbor, ReadsArraysAndMapsOfKnownAndUnknownLength) {
  for (const std::string_view bytes : {"\x83\x01\x02\x03", "\x9f\x01\x02\x03\xff"}) {
    CborReader reader(bytes);
    std::vector<int> numbers;
    reader.array([&] { numbers.push_back(reader.number<int>()); });
    EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
    EXPECT_TRUE(reader.at_end());
  }
  for (const std::string_view bytes :
       {"\xa2\x61\x61\x01\x61\x62\x02", "\xbf\x61\x61\x01\x61\x62\x02\xff"}) {
    CborReader reader(bytes);
    std::vector<std::string> keys;
    reader.map([&](std::string_view key) {
      keys.emplace_back(key);
      reader.skip();
    });
    EXPECT_THAT(keys, ElementsAre("a", "b"));
    EXPECT_TRUE(reader.at_end());
  }
}

TEST(Cbor, SkipsAnItemOfAnyKind) {
  using namespace std::string_view_literals;
  for (const std::string_view bytes :
       {"\x00"sv, "\x3b\xff\xff\xff\xff\xff\xff\xff\xff"sv, "\x42\x01\x02"sv, "\x62\x61\x62"sv,
        "\x82\x01\x81\x02"sv, "\x9f\xff"sv, "\xbf\x61\x61\x9f\x01\xff\xff"sv, "\xa1\x01\x02"sv,
        "\xc1\x1a\x51\x4b\x67\xb0"sv, "\xf4"sv, "\xf6"sv, "\xf7"sv, "\xf8\xff"sv, "\xf9\x3c\x00"sv,
        "\xfa\x47\xc3\x50\x00"sv, "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"sv}) {
    CborReader reader(bytes);
    reader.skip();
    EXPECT_TRUE(reader.at_end());
  }
}

TEST(Cbor, RefusesAnItemThatIsNotWhole) {
  for (const std::string_view bytes :
       {"", "\x18", "\x42\x01", "\x82\x01", "\x9f\x01", "\xa1\x61\x61", "\xbf\x61\x61", "\xfb\x3f",
        "\x1b\x01\x01", "\xc1"})
    EXPECT_THROW(CborReader(bytes).skip(), CborError);
}

TEST(Cbor, RefusesWhatItDoesNotRead) {
  // Reserved, a break without a begin, texts in chunks.
  for (const std::string_view bytes :
       {"\x1c", "\x1f", "\xff", "\x7f\x61\x61\xff", "\x5f\xff", "\xdf"})
    EXPECT_THROW(CborReader(bytes).skip(), CborError);
}

TEST(Cbor, RefusesAnotherKindThanTheOneAskedFor) {
  EXPECT_THROW(CborReader("\x61x").bytes(), CborError);
  EXPECT_THROW(CborReader("\x41x").text(), CborError);
  EXPECT_THROW(CborReader("\x01").boolean(), CborError);
  EXPECT_THROW(CborReader("\x01").real(), CborError);
  EXPECT_THROW(CborReader("\xf5").number<int>(), CborError);
  EXPECT_THROW(CborReader("\xa0").array([] {}), CborError);
  EXPECT_THROW(CborReader("\x80").map([](std::string_view) {}), CborError);
  EXPECT_TRUE(CborReader("\xf6").is_null());
  EXPECT_FALSE(CborReader("\xf5").is_null());
}

}  // namespace
}  // namespace server
