#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/config/config.hpp"
#include "server/log/log_sink.hpp"

namespace server {

/// The service's log: what the service says through logger(), and what its clients do (ClientLog).
/// Logging only remembers; flush() writes. No destination, however stuck, is waited for before
/// close().
class EventLog {
 public:
  /// Logs to `standard_output`, by the defaults of LogConfig, until configured. That it cannot be
  /// written is a line on `standard_error`.
  explicit EventLog(int standard_output = 1, int standard_error = 2);
  /// Closes.
  ~EventLog();
  EventLog(EventLog&&) = delete;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(EventLog&&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Puts the whole of `config` in force, at the start or later. What was logged before is written
  /// as it was configured then. A file that was renamed is opened anew (logrotate(8)). On failure
  /// nothing changes, and the reason is returned in one line: "cannot open log file 'FILE':
  /// Permission denied".
  [[nodiscard]] std::optional<std::string> configure(const LogConfig& config);

  const LogConfig& config() const { return config_; }

  /// For the service's own messages. Control characters in them are escaped: a message is one line.
  spdlog::logger& logger() { return *logger_; }

  /// Logs what the operator has asked for just now, whatever level is wanted, but not if it is off.
  void answer(std::string_view text);

  /// A client's event; `record` is copied.
  void append(const LogRecord& record) { sink_->push(record); }

  /// Whether events of a kind are wanted.
  bool logs_connect() const { return info_ && config_.events.connect; }
  bool logs_receive() const { return info_ && config_.events.receive; }
  bool logs_disconnect() const { return info_ && config_.events.disconnect; }

  /// Writes all that was logged, in one go. The step before the scheduler sleeps.
  void flush();

  /// After flush(): when to flush again even if nothing happens until then, since the destination
  /// did not take all. Nothing if it did.
  std::optional<std::chrono::steady_clock::time_point> retry_at() const {
    return sink_->retry_at();
  }

  /// Opens log.file anew, whether or not it was renamed. On failure that is logged as an
  /// error and the old file stays in use. Does nothing on standard output.
  void reopen();

  /// Writes what is left, waiting at most `limit` for a destination that does not read; then gives
  /// up and counts the rest as dropped. May be called again.
  void close(std::chrono::milliseconds limit = std::chrono::seconds(1));

  /// Lines that did not and will not reach the destination, since the start.
  std::uint64_t dropped_lines() const { return sink_->dropped_lines(); }

 private:
  void report_failure() const;

  int standard_output_;
  int standard_error_;
  LogConfig config_;
  bool info_ = true;  // the level of events is wanted
  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace server
