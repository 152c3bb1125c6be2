#include "server/config/nearest_key.hpp"

#include <gtest/gtest.h>

namespace server {
namespace {

const std::vector<std::string> keys = {"host", "port",     "limits", "limits.max_connections",
                                       "log",  "log.level"};

TEST(NearestKey, FindsTheKeyWithTheFewestTypingErrors) {
  EXPECT_EQ(nearest_key("prot", keys), "port");
  EXPECT_EQ(nearest_key("hosts", keys), "host");
  EXPECT_EQ(nearest_key("limit", keys), "limits");
  EXPECT_EQ(nearest_key("limits.max_conections", keys), "limits.max_connections");
  EXPECT_EQ(nearest_key("limits.max-connection", keys), "limits.max_connections");
}

TEST(NearestKey, FindsAKeyThatStandsInAnotherSection) {
  EXPECT_EQ(nearest_key("max_connections", keys), "limits.max_connections");
  EXPECT_EQ(nearest_key("limits.level", keys), "log.level");
}

TEST(NearestKey, FindsNothingForWhatResemblesNoKey) {
  EXPECT_EQ(nearest_key("workers", keys), std::nullopt);
  EXPECT_EQ(nearest_key("", keys), std::nullopt);
  EXPECT_EQ(nearest_key(std::string(100'000, 'x'), keys), std::nullopt);
}

}  // namespace
}  // namespace server
