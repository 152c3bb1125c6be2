#include "server/log/log_output.hpp"

#include <algorithm>
#include <boost/system/errc.hpp>
#include <utility>

namespace server {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

LogOutput::LogOutput(LogDestination destination)
    : destination_(std::move(destination)), buffer_(std::make_unique_for_overwrite<Buffer>()) {}

void LogOutput::append(std::string_view line) {
  const auto fits = [&] { return line.size() <= capacity - (end_ - begin_); };
  if (!dropping() && !fits()) write();
  if (dropping() || !fits()) return drop();
  if (line.size() > capacity - end_) {
    std::copy(at(begin_), at(end_), at(0));
    end_ -= std::exchange(begin_, 0);
  }
  end_ += line.copy(at(end_), line.size());
}

void LogOutput::drop() {
  ++unreported_;
  ++dropped_;
}

void LogOutput::write() {
  if (pending() && (retry_delay_.count() == 0 || steady_clock::now() >= retry_at_)) attempt();
}

boost::system::error_code LogOutput::attempt() {
  const auto result = destination_.write({at(begin_ + written_), end_ - begin_ - written_});
  note(result.error());
  if (result.has_value()) {
    written_ += *result;
    const std::string_view taken(at(begin_), written_);
    // npos + 1 is 0: no line is complete.
    const std::size_t complete = taken.rfind('\n') + 1;
    begin_ += complete;
    written_ -= complete;
    first_is_report_ = first_is_report_ && complete == 0;
  }
  if (!pending()) {
    begin_ = end_ = 0;
    retry_delay_ = milliseconds(0);
  } else {
    const bool took_some = result.has_value() && *result > 0;
    retry_delay_ = took_some ? milliseconds(1)
                             : std::clamp(2 * retry_delay_, milliseconds(1), max_retry_delay);
    retry_at_ = steady_clock::now() + retry_delay_;
  }
  return result.error();
}

void LogOutput::note(boost::system::error_code error) {
  if (error == boost::system::errc::operation_would_block) return;
  const bool failed_before = std::exchange(fails_, error.failed());
  if (!failed_before) failure_ = error;
}

std::optional<steady_clock::time_point> LogOutput::retry_at() const {
  return pending() ? std::optional(retry_at_) : std::nullopt;
}

std::uint64_t LogOutput::take_unreported() {
  if (pending() || unreported_ == 0) return 0;
  first_is_report_ = true;
  return std::exchange(unreported_, 0);
}

void LogOutput::drain(steady_clock::time_point deadline) {
  while (pending()) {
    const auto error = attempt();
    if (error && error != boost::system::errc::operation_would_block) return;
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (pending() && (left.count() <= 0 || !destination_.wait_writable(left))) return;
  }
}

// A report that is dropped with the others does not count: what it reports does already.
void LogOutput::discard() {
  const auto lines = std::count(at(begin_), at(end_), '\n');
  dropped_ += static_cast<std::uint64_t>(lines) - (std::exchange(first_is_report_, false) ? 1 : 0);
  begin_ = end_ = written_ = 0;
}

LogState LogOutput::state() const {
  return {.lines = {buffer_->data() + begin_, end_ - begin_},
          .begun = written_,
          .destination = destination_.identity(),
          .unreported = unreported_,
          .dropped = dropped_};
}

void LogOutput::adopt(const LogState& state) {
  const std::string_view lines = std::string_view(state.lines).substr(0, capacity);
  const std::size_t size = lines.rfind('\n') + 1;  // npos + 1 is 0: no line is complete
  end_ = lines.copy(at(0), size);
  const bool goes_on = !state.destination.empty() && state.destination == destination_.identity();
  written_ = goes_on && state.begun < size ? static_cast<std::size_t>(state.begun) : 0;
  unreported_ = state.unreported;
  dropped_ = state.dropped;
}

void LogOutput::redirect(LogDestination destination) {
  destination_ = std::move(destination);
  written_ = 0;
  fails_ = false;
  retry_delay_ = milliseconds(0);
}

}  // namespace server
