#include "server/net/network_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace server {
namespace {

namespace ip = boost::asio::ip;

NetworkTable table(std::initializer_list<const char*> texts) {
  std::vector<Network> networks;
  for (const char* text : texts) {
    networks.push_back(*Network::parse(text));
  }
  return NetworkTable(networks);
}

std::optional<unsigned> match(const NetworkTable& table, const char* text) {
  return table.longest_match(ip::make_address(text));
}

TEST(NetworkTable, WithoutNetworksNothingMatches) {
  EXPECT_TRUE(NetworkTable().empty());
  for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "::ffff:10.0.0.1", "ffff::"}) {
    EXPECT_EQ(match(NetworkTable(), text), std::nullopt) << text;
  }
}

TEST(NetworkTable, TheNarrowestNetworkDecidesInWhateverOrderTheyAreGiven) {
  for (const auto& networks : {table({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0"}),
                               table({"10.1.2.3", "0.0.0.0/0", "10.1.0.0/16", "10.0.0.0/8"})}) {
    EXPECT_EQ(match(networks, "10.1.2.3"), 32U);
    EXPECT_EQ(match(networks, "10.1.2.2"), 16U);
    EXPECT_EQ(match(networks, "10.1.2.4"), 16U);
    EXPECT_EQ(match(networks, "10.0.255.255"), 8U);
    EXPECT_EQ(match(networks, "10.2.0.0"), 8U);
    EXPECT_EQ(match(networks, "9.255.255.255"), 0U);
    EXPECT_EQ(match(networks, "11.0.0.0"), 0U);
    EXPECT_EQ(match(networks, "::1"), std::nullopt);
  }
}

TEST(NetworkTable, NeighboursThatTouchKeepTheirBorder) {
  const auto networks = table({"192.0.2.0/25", "192.0.2.128/26", "192.0.2.192/26", "192.0.2.0/25"});
  EXPECT_EQ(match(networks, "192.0.1.255"), std::nullopt);
  EXPECT_EQ(match(networks, "192.0.2.127"), 25U);
  EXPECT_EQ(match(networks, "192.0.2.128"), 26U);
  EXPECT_EQ(match(networks, "192.0.2.255"), 26U);
  EXPECT_EQ(match(networks, "192.0.3.0"), std::nullopt);
}

TEST(NetworkTable, TheFirstAndTheLastAddressOfAFamilyAreAddressesLikeOthers) {
  const auto networks = table({"0.0.0.0", "255.255.255.255", "::", "ffff:8000::/17",
                               "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"});
  EXPECT_EQ(match(networks, "0.0.0.0"), 32U);
  EXPECT_EQ(match(networks, "0.0.0.1"), std::nullopt);
  EXPECT_EQ(match(networks, "255.255.255.254"), std::nullopt);
  EXPECT_EQ(match(networks, "255.255.255.255"), 32U);
  EXPECT_EQ(match(networks, "::"), 128U);
  EXPECT_EQ(match(networks, "::1"), std::nullopt);
  EXPECT_EQ(match(networks, "ffff:7fff::"), std::nullopt);
  EXPECT_EQ(match(networks, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), 17U);
  EXPECT_EQ(match(networks, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 128U);
}

TEST(NetworkTable, AnIpv6NetworkAroundTheMappedAddressesMatchesNoIpv4Address) {
  for (const char* wide : {"::/0", "::/64", "::/80"}) {
    const auto networks = table({wide, "10.0.0.0/8", "::ffff:192.0.2.0/120"});
    EXPECT_EQ(match(networks, "127.0.0.1"), std::nullopt) << wide;
    EXPECT_EQ(match(networks, "::ffff:127.0.0.1"), std::nullopt) << wide;
    EXPECT_EQ(match(networks, "10.0.0.1"), 8U) << wide;
    EXPECT_EQ(match(networks, "::ffff:10.0.0.1"), 8U) << wide;
    EXPECT_EQ(match(networks, "192.0.2.1"), 24U) << wide;
    EXPECT_TRUE(networks.contains(ip::make_address("::1"))) << wide;
  }
}

TEST(NetworkTable, GivesTheNetworksBackAsTheyWereGiven) {
  const auto networks = table({"10.0.0.0/8", "::1", "10.0.0.0/8", "0.0.0.0/0"});
  std::vector<std::string> texts;
  for (const Network& network : networks) {
    texts.push_back(network.to_string());
  }
  EXPECT_THAT(texts, testing::ElementsAre("10.0.0.0/8", "::1/128", "10.0.0.0/8", "0.0.0.0/0"));
  EXPECT_FALSE(networks.empty());
}

// ---- against a search of the whole list

// In bits, of which random ones are few, so that networks contain one another often.
class RandomAddresses {
 public:
  ip::address next() {
    if (one_of(2) == 0) {
      return ip::address_v4(random_bytes<ip::address_v4::bytes_type>());
    }
    auto bytes = random_bytes<ip::address_v6::bytes_type>();
    if (one_of(4) == 0) {
      bytes = ip::make_address_v6("::ffff:0:0").to_bytes();
      bytes[12 + one_of(4)] = 0x80;
    }
    return ip::address_v6(bytes);
  }

  Network network() {
    const ip::address address = next();
    const unsigned longest = address.is_v4() ? 32 : 128;
    for (;;) {
      const auto text = address.to_string() + '/' + std::to_string(one_of(longest + 1));
      if (const auto network = Network::parse(text)) {
        return *network;
      }
    }
  }

  std::size_t one_of(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

 private:
  template <typename Bytes>
  Bytes random_bytes() {
    constexpr std::uint8_t values[] = {0x00, 0x01, 0x80, 0xFF};
    Bytes bytes{};
    const std::size_t filled = one_of(bytes.size() + 1);
    for (std::size_t i = 0; i < filled; ++i) {
      bytes[i] = values[one_of(std::size(values))];
    }
    if (one_of(4) == 0) {
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(filled), bytes.end(), 0xFF);
    }
    return bytes;
  }

  std::mt19937 random_{862};
};

template <typename Bytes>
bool same_bits(const Bytes& one, const Bytes& other, unsigned count) {
  for (unsigned bit = 0; bit < count; ++bit) {
    if (((one[bit / 8] ^ other[bit / 8]) & (0x80 >> bit % 8)) != 0) {
      return false;
    }
  }
  return true;
}

bool is_in(const ip::address& address, const Network& network) {
  if (address.is_v4() != network.first().is_v4()) {
    return false;
  }
  return address.is_v4() ? same_bits(address.to_v4().to_bytes(), network.first().to_v4().to_bytes(),
                                     network.prefix_length())
                         : same_bits(address.to_v6().to_bytes(), network.first().to_v6().to_bytes(),
                                     network.prefix_length());
}

std::optional<unsigned> found_one_by_one(const std::vector<Network>& networks,
                                         const ip::address& address) {
  std::optional<unsigned> longest;
  for (const Network& network : networks) {
    if (is_in(unmapped(address), network)) {
      longest = std::max(longest, std::optional(network.prefix_length()));
    }
  }
  return longest;
}

TEST(NetworkTable, FindsTheNetworkThatASearchOfTheWholeListFinds) {
  RandomAddresses random;
  std::size_t matches = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Network> networks;
    for (std::size_t count = random.one_of(40); count > 0; --count) {
      networks.push_back(random.network());
    }
    const NetworkTable table(networks);
    for (int i = 0; i < 200; ++i) {
      const ip::address address = random.next();
      const auto expected = found_one_by_one(networks, address);
      ASSERT_EQ(table.longest_match(address), expected) << address << " in round " << round;
      matches += expected ? 1U : 0U;
    }
  }
  EXPECT_GT(matches, 10000U);  // otherwise the random networks miss the random addresses
}

}  // namespace
}  // namespace server
