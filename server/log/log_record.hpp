#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace server {

enum class LogKind : std::uint8_t {
  message,  // what the service says of itself
  connect,  // a client's events
  receive,
  disconnect,
  dropped,  // how many lines were lost before this one
};

/// One line of the log before it is formatted.
struct LogRecord {
  LogKind kind = LogKind::message;
  spdlog::level::level_enum level = spdlog::level::info;
  std::chrono::system_clock::time_point time = {};
  std::uint64_t client = 0;
  std::uint64_t bytes_in = 0;            // receive: in this event; disconnect: in all
  std::uint64_t bytes_out = 0;           // disconnect
  std::chrono::nanoseconds duration{0};  // disconnect
  std::uint64_t omitted = 0;  // receive: bytes that text does not show; 0 with no text: size only
  std::uint64_t lines = 0;    // dropped
  std::string_view peer = {};
  std::string_view text = {};  // message: itself; receive: the first bytes; disconnect: the reason
};

}  // namespace server
