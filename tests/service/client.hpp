#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/service/process.hpp"

namespace service {

// The folder of the sources.
inline const std::string repository = SERVICE_TESTS "/../../";

// The client for a service on 127.0.0.1, with more arguments.
inline std::vector<std::string> client(std::uint16_t port, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {COROECHO_CLIENT, "127.0.0.1", std::to_string(port)});
  return more;
}

inline std::string prompt(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port) + ">";
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in:\n" << text;
}

// The value of an expression of Python over the JSON that is the variable `r`.
inline std::string evaluate(const std::string& json, const std::string& expression) {
  const auto finished = run(
      {"python3", "-c", "import sys, json; r = json.load(sys.stdin); print(" + expression + ")"},
      json);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors << json;
  return finished.output;
}

}  // namespace service
