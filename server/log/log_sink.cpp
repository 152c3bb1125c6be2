#include "server/log/log_sink.hpp"

#include <new>
#include <string_view>
#include <utility>

#include "server/log/log_format.hpp"

namespace server {

LogSink::LogSink(LogDestination destination)
    : base_sink(log_layout(LogFormat::text, destination.journal())),
      output_(std::move(destination)) {}

void LogSink::push(const LogRecord& record) {
  if (!queue_.fits(record)) flush_();
  queue_.push(record);
}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  push({.kind = LogKind::message,
        .level = message.level,
        .time = message.time,
        .text = {message.payload.data(), message.payload.size()}});
}

void LogSink::flush_() {
  // A destination that reads again first takes what waits for it: that makes room.
  output_.write();
  tell_lost();
  format_queue();
  output_.write();
  if (tell_lost()) output_.write();
}

void LogSink::format_queue() {
  queue_.drain([this](const LogRecord& record) {
    if (output_.dropping())
      output_.drop();
    else
      append_line(record);
  });
}

// A line for which there is no memory is dropped: the echo goes on.
void LogSink::append_line(const LogRecord& record) try {
  content_.clear();
  append_content(content_, record, format_);
  line_.clear();
  formatter_->format({record.time, {}, {}, record.level, {content_.data(), content_.size()}},
                     line_);
  output_.append({line_.data(), line_.size()});
} catch (const std::bad_alloc&) {
  output_.drop();
}

bool LogSink::tell_lost() {
  const std::uint64_t lost = output_.take_lost();
  if (lost > 0) {
    append_line({.kind = LogKind::dropped,
                 .level = spdlog::level::warn,
                 .time = std::chrono::system_clock::now(),
                 .lines = lost});
  }
  return lost > 0;
}

void LogSink::set_format(LogFormat format) {
  flush_();
  format_ = format;
  set_formatter_(log_layout(format, output_.journal()));
}

void LogSink::redirect(LogDestination destination) {
  flush_();
  output_.redirect(std::move(destination));
  set_formatter_(log_layout(format_, output_.journal()));
  flush_();
}

void LogSink::close(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  flush_();
  output_.drain(deadline);
  if (tell_lost()) output_.drain(deadline);
  output_.discard();
}

}  // namespace server
