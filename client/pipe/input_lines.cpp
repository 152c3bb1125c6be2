#include "client/pipe/input_lines.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <span>
#include <utility>

namespace client {
namespace {

constexpr std::size_t piece = std::size_t{64} << 10U;

}  // namespace

InputLines::InputLines(coro::Scheduler& scheduler, std::size_t longest)
    : input_(scheduler), longest_(longest) {}

InputLines::Line InputLines::next(coro::Yield yield) {
  for (;;) {
    const auto rest = std::string_view(buffer_).substr(begin_);
    const auto end = rest.find('\n');
    const bool is_whole = end != std::string_view::npos || ended_;
    const auto line = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    if (line.size() > longest_) return {boost::asio::error::message_size, {}};
    if (is_whole) {
      begin_ += line.size();
      return {{}, line};
    }
    buffer_.erase(0, std::exchange(begin_, 0));
    const auto before = buffer_.size();
    buffer_.resize(before + piece);
    const auto [error, size] =
        input_.read_some(std::as_writable_bytes(std::span(buffer_).subspan(before)), yield);
    buffer_.resize(before + size);
    if (error) return {error, {}};
    ended_ = size == 0;
  }
}

}  // namespace client
