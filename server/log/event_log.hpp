#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "server/config/config.hpp"
#include "server/log/log_event.hpp"
#include "server/log/log_format.hpp"
#include "server/log/log_output.hpp"
#include "server/log/message_layout.hpp"

namespace server {

/// The service's log: messages of the service itself (info(), warn(), ...) and events of its
/// clients (ClientLog), in the order in which they were logged. Logging formats a line into memory;
/// flush() writes all of them at once. Nothing waits for a destination before close(). For one
/// thread.
class EventLog {
 public:
  /// Logs to `standard_output`, by the defaults of LogConfig, until it is configured. If that
  /// cannot be written, a line on `standard_error` reports it.
  explicit EventLog(int standard_output = 1, int standard_error = 2);
  /// Closes.
  ~EventLog();
  EventLog(EventLog&&) = delete;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(EventLog&&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Puts `config.log` in force, at the start or later. Earlier lines are written as they were
  /// formatted then. A file that was renamed is opened anew (logrotate(8)). Throws ConfigError if
  /// the file cannot be opened: then nothing has changed.
  void configure(const Config& config);

  const LogConfig& config() const { return config_; }

  /// Messages of the service; `about` is for JSON. Control characters in them are escaped: a
  /// message is one line. If there is no memory for one, it counts as dropped.
  template <typename... Values>
  void debug(const LogAbout& about, fmt::format_string<Values...> text, Values&&... values) {
    log(spdlog::level::debug, about, text, fmt::make_format_args(values...));
  }
  template <typename... Values>
  void info(const LogAbout& about, fmt::format_string<Values...> text, Values&&... values) {
    log(spdlog::level::info, about, text, fmt::make_format_args(values...));
  }
  template <typename... Values>
  void warn(const LogAbout& about, fmt::format_string<Values...> text, Values&&... values) {
    log(spdlog::level::warn, about, text, fmt::make_format_args(values...));
  }
  template <typename... Values>
  void error(const LogAbout& about, fmt::format_string<Values...> text, Values&&... values) {
    log(spdlog::level::err, about, text, fmt::make_format_args(values...));
  }
  template <typename... Values>
  void critical(const LogAbout& about, fmt::format_string<Values...> text, Values&&... values) {
    log(spdlog::level::critical, about, text, fmt::make_format_args(values...));
  }
  /// Logs the answer to an operator's request, at any level but `off`: in text each of its lines,
  /// in JSON one object with `json`, which are members.
  void answer(std::string_view event, std::span<const std::string> lines, std::string_view json);

  /// Logs an event (log_event.hpp). If the memory for lines is full they are written first, so that
  /// no event is lost while the destination reads. Needs little of the caller's stack.
  template <typename Event>
  void append(const Event& event);

  /// Received bytes as an event shows them, by log.payload.
  LogPayload payload(std::string_view bytes) const {
    const std::size_t shown = program::whole_characters(bytes, config_.payload);
    return {.size = bytes.size(),
            .shown = bytes.substr(0, shown),
            .omitted = config_.payload > 0 ? bytes.size() - shown : 0};
  }

  /// Whether events of a kind are wanted.
  bool logs_connect() const { return logs(config_.events.connect); }
  bool logs_receive() const { return logs(config_.events.receive); }
  bool logs_disconnect() const { return logs(config_.events.disconnect); }

  /// Writes all that was logged, in one go. The step before the scheduler sleeps.
  void flush();

  /// After flush(): when to flush again even if nothing happens until then, since the destination
  /// did not take all. Nothing if it did.
  std::optional<std::chrono::steady_clock::time_point> retry_at() const {
    return output_.retry_at();
  }

  /// Opens log.file anew, whether or not it was renamed. On failure that is logged as an
  /// error and the old file stays in use. Does nothing on standard output.
  void reopen();

  /// For another program, after flush(): what the destination has not taken.
  LogState state() const { return output_.state(); }

  /// Writes first what another program has not written. After configure(), before anything is
  /// logged.
  void adopt(const LogState& state) { output_.adopt(state); }

  /// Writes what is left, waiting at most `limit` for a destination that does not read; then gives
  /// up and counts the rest as dropped. May be called again.
  void close(std::chrono::milliseconds limit = std::chrono::seconds(1));

  /// Lines that did not and will not reach the destination, since the start.
  std::uint64_t dropped_lines() const { return output_.dropped(); }

 private:
  bool logs(bool wanted) const { return wanted && config_.level <= spdlog::level::info; }
  void log(spdlog::level::level_enum level, const LogAbout& about, fmt::string_view text,
           fmt::format_args values);
  void redirect(LogDestination destination);
  template <typename Event>
  void append_copy(const Event& event, std::size_t room);
  void append_message(spdlog::level::level_enum level, const LogAbout& about,
                      std::string_view text);
  bool takes_lines();
  void set_layout();
  void write();
  bool report_dropped();
  void report_failure();

  int standard_output_;
  int standard_error_;
  LogConfig config_;
  LogOutput output_;
  EventLayout event_layout_;
  std::unique_ptr<spdlog::formatter> message_layout_;
  // Buffers that are kept, so that a short line takes no memory.
  spdlog::memory_buf_t message_;  // the text of a message
  spdlog::memory_buf_t content_;  // of its line: the text escaped, or members of JSON
  spdlog::memory_buf_t line_;     // the whole of it
};

}  // namespace server
