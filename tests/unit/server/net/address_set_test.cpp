#include "server/net/address_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "server/net/network_table.hpp"

namespace server {
namespace {

namespace ip = boost::asio::ip;

std::vector<Network> networks(std::initializer_list<const char*> texts) {
  std::vector<Network> list;
  for (const char* text : texts) {
    list.push_back(*Network::parse(text));
  }
  return list;
}

bool has(const AddressSet& set, const char* text) {
  return set.contains(ip::make_address(text));
}

TEST(AddressSet, IsEmptyWithoutNetworks) {
  for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "::ffff:10.0.0.1", "ffff::"}) {
    EXPECT_FALSE(has(AddressSet(), text)) << text;
  }
}

TEST(AddressSet, TheNarrowestNetworkDecidesInWhateverOrderTheyAreGiven) {
  for (const auto& set :
       {AddressSet(networks({"10.0.0.0/8", "10.1.2.3"}), networks({"0.0.0.0/0", "10.1.0.0/16"})),
        AddressSet(networks({"10.1.2.3", "10.0.0.0/8"}), networks({"10.1.0.0/16", "0.0.0.0/0"}))}) {
    EXPECT_TRUE(has(set, "10.1.2.3"));
    EXPECT_FALSE(has(set, "10.1.2.2"));
    EXPECT_FALSE(has(set, "10.1.2.4"));
    EXPECT_TRUE(has(set, "10.0.255.255"));
    EXPECT_TRUE(has(set, "10.2.0.0"));
    EXPECT_FALSE(has(set, "9.255.255.255"));
    EXPECT_FALSE(has(set, "11.0.0.0"));
  }
}

TEST(AddressSet, ANetworkThatIsIncludedAndExcludedIsExcluded) {
  const AddressSet set(networks({"10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8"}),
                       networks({"10.0.0.0/8"}));
  EXPECT_FALSE(has(set, "10.0.0.1"));
  EXPECT_TRUE(has(set, "11.0.0.1"));
}

TEST(AddressSet, NeighboursThatTouchKeepTheirBorder) {
  const AddressSet set(networks({"192.0.2.0/25", "192.0.2.192/26"}),
                       networks({"192.0.2.128/26", "192.0.3.0/24"}));
  EXPECT_FALSE(has(set, "192.0.1.255"));
  EXPECT_TRUE(has(set, "192.0.2.0"));
  EXPECT_TRUE(has(set, "192.0.2.127"));
  EXPECT_FALSE(has(set, "192.0.2.128"));
  EXPECT_TRUE(has(set, "192.0.2.192"));
  EXPECT_TRUE(has(set, "192.0.2.255"));
  EXPECT_FALSE(has(set, "192.0.3.0"));
}

TEST(AddressSet, TheFirstAndTheLastAddressOfAFamilyAreAddressesLikeOthers) {
  const AddressSet set(networks({"0.0.0.0", "255.255.255.255", "::", "ffff:8000::/17"}),
                       networks({"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"}));
  EXPECT_TRUE(has(set, "0.0.0.0"));
  EXPECT_FALSE(has(set, "0.0.0.1"));
  EXPECT_FALSE(has(set, "255.255.255.254"));
  EXPECT_TRUE(has(set, "255.255.255.255"));
  EXPECT_TRUE(has(set, "::"));
  EXPECT_FALSE(has(set, "::1"));
  EXPECT_FALSE(has(set, "ffff:7fff::"));
  EXPECT_TRUE(has(set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd"));
  EXPECT_FALSE(has(set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_TRUE(has(AddressSet(networks({"::/0"})), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(AddressSet, AnIpv6NetworkAroundTheMappedAddressesHasNoIpv4Address) {
  for (const char* wide : {"::/0", "::/64", "::/80"}) {
    const AddressSet set(networks({wide, "10.0.0.0/8", "::ffff:192.0.2.0/120"}));
    EXPECT_FALSE(has(set, "127.0.0.1")) << wide;
    EXPECT_FALSE(has(set, "::ffff:127.0.0.1")) << wide;
    EXPECT_TRUE(has(set, "10.0.0.1")) << wide;
    EXPECT_TRUE(has(set, "::ffff:10.0.0.1")) << wide;
    EXPECT_TRUE(has(set, "192.0.2.1")) << wide;
    EXPECT_TRUE(has(set, "::1")) << wide;
  }
}

TEST(NetworkTable, HasItsAddressesAndGivesTheNetworksBackAsTheyWereGiven) {
  const NetworkTable table(networks({"10.0.0.0/8", "::1", "10.0.0.0/8", "0.0.0.0/0"}));
  EXPECT_TRUE(table.contains(ip::make_address("192.0.2.1")));
  EXPECT_FALSE(table.contains(ip::make_address("::2")));
  std::vector<std::string> texts;
  for (const Network& network : table) {
    texts.push_back(network.to_string());
  }
  EXPECT_THAT(texts, testing::ElementsAre("10.0.0.0/8", "::1/128", "10.0.0.0/8", "0.0.0.0/0"));
  EXPECT_EQ(table.size(), 4U);
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

// The longest prefix around the address, or -1.
int longest(const std::vector<Network>& networks, const ip::address& address) {
  int longest = -1;
  for (const Network& network : networks) {
    if (is_in(unmapped(address), network)) {
      longest = std::max(longest, static_cast<int>(network.prefix_length()));
    }
  }
  return longest;
}

TEST(AddressSet, DecidesAsASearchOfTheWholeListsDoes) {
  RandomAddresses random;
  const auto list = [&](std::size_t count) {
    std::vector<Network> networks;
    while (networks.size() < count) {
      networks.push_back(random.network());
    }
    return networks;
  };
  std::size_t inside = 0;
  std::size_t excluded_inside = 0;
  for (int round = 0; round < 300; ++round) {
    const std::vector<Network> included = list(random.one_of(30));
    std::vector<Network> excluded = list(random.one_of(30));
    if (!included.empty()) {
      excluded.push_back(included[random.one_of(included.size())]);
    }
    const AddressSet set(included, excluded);
    for (int i = 0; i < 200; ++i) {
      const ip::address address = random.next();
      const int allowed = longest(included, address);
      const int denied = longest(excluded, address);
      ASSERT_EQ(set.contains(address), allowed > denied) << address << " in round " << round;
      inside += allowed > denied ? 1U : 0U;
      excluded_inside += allowed >= 0 && denied >= allowed ? 1U : 0U;
    }
  }
  // Otherwise the random networks miss the random addresses.
  EXPECT_GT(inside, 5000U);
  EXPECT_GT(excluded_inside, 5000U);
}

}  // namespace
}  // namespace server
