#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "server/config/config.hpp"
#include "server/log/log_destination.hpp"
#include "server/log/log_output.hpp"
#include "server/log/log_queue.hpp"

namespace server {

/// Where spdlog's messages and the clients' events meet, in the order in which they were logged.
/// Taking one only copies it; flush() formats and writes them all. For one thread.
class LogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit LogSink(LogDestination destination);

  /// Takes a client's event. Flushes first when the queue is full, so that no event is lost while
  /// the destination reads.
  void push(const LogRecord& record);

  /// Changes the layout of what is logged from here on.
  void set_format(LogFormat format);

  /// What is logged from here on, and what the old destination has not taken, goes to the new one.
  void redirect(LogDestination destination);

  /// Flushes and waits for the destination, at most `limit`; drops the rest.
  void close(std::chrono::milliseconds limit);

  std::optional<std::chrono::steady_clock::time_point> retry_at() const {
    return output_.retry_at();
  }
  std::uint64_t dropped_lines() const { return output_.dropped(); }
  bool writes_to(const std::string& path) const { return output_.writes_to(path); }
  /// As LogOutput's.
  boost::system::error_code take_failure() { return output_.take_failure(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;
  void format_queue();
  void append_line(const LogRecord& record);
  bool tell_lost();

  LogQueue queue_;
  LogOutput output_;
  LogFormat format_ = LogFormat::text;
  spdlog::memory_buf_t content_;  // one line's content, and the whole line
  spdlog::memory_buf_t line_;
};

}  // namespace server
