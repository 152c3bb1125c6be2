#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace server {

enum class LogKind : std::uint8_t {
  message,  // of the service itself
  connect,  // a client's events
  receive,
  disconnect,
  datagram,  // over UDP
  dropped,   // how many lines were lost before this one
};

/// One line of the log before it is formatted.
struct LogRecord {
  LogKind kind = LogKind::message;
  spdlog::level::level_enum level = spdlog::level::info;
  std::chrono::system_clock::time_point time = {};
  std::uint64_t client = 0;
  std::uint64_t bytes_in = 0;            // receive, datagram: in this event; disconnect: in all
  std::uint64_t bytes_out = 0;           // disconnect
  std::chrono::nanoseconds duration{0};  // disconnect
  std::uint64_t omitted =
      0;  // receive, datagram: bytes that text does not show; 0 without text: size only
  std::uint64_t lines = 0;  // dropped
  std::string_view peer = {};
  // message: itself; receive, datagram: the first bytes; disconnect: the reason; connect, if it is
  // TLS: the version, the cipher, the name of the server and the subject of the client, a NUL
  // behind each
  std::string_view text = {};
};

/// Records that wait to be formatted, oldest first. Appending allocates nothing and touches little
/// of the caller's stack: a coroutine that formatted would keep a second page of its stack for
/// ever.
class LogQueue {
 public:
  static constexpr std::size_t max_records = 2048;
  static constexpr std::size_t max_text = std::size_t{256} * 1024;

  LogQueue();

  bool empty() const { return records_.empty(); }

  /// Whether a record fits. An empty queue takes one of any size.
  bool fits(const LogRecord& record) const;

  /// Copies the record and what its views show. Needs fits().
  void push(const LogRecord& record);

  /// Calls `visit(const LogRecord&)` for each, then the queue is empty. `visit` does not push.
  template <typename Visit>
  void drain(Visit visit) {
    std::string_view text = text_;
    for (LogRecord& record : records_) {
      record.peer = take(text, record.peer.size());
      record.text = take(text, record.text.size());
      visit(static_cast<const LogRecord&>(record));
    }
    records_.clear();
    text_.clear();
  }

 private:
  static std::string_view take(std::string_view& text, std::size_t size) {
    const std::string_view taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
  }

  std::vector<LogRecord> records_;  // their views have the right size, but point nowhere
  std::string text_;                // peer and text of each record, one after the other
};

}  // namespace server
