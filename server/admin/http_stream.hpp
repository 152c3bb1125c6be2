#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <string_view>

#include "coro/stream.hpp"

namespace server {

/// A stream as Boost.Beast's synchronous functions want it. They suspend the coroutine instead of
/// blocking the thread. Beast's asynchronous functions would lose a step for which there is no
/// memory, and the coroutine would wait for ever.
class HttpStream {
 public:
  /// Both must outlive it.
  HttpStream(coro::Stream& stream, coro::Yield yield) : stream_(stream), yield_(yield) {}

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, coro::error_code& error) {
    const auto read = stream_.read_some(*boost::asio::buffer_sequence_begin(buffers), yield_);
    error = read.error;
    return read.size;
  }
  /// Only demanded by the concept.
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers);

  /// Sends all of `bytes`, or returns why that cannot be.
  coro::error_code write(std::string_view bytes) {
    return coro::write_all(stream_, boost::asio::buffer(bytes), yield_);
  }

 private:
  coro::Stream& stream_;
  coro::Yield yield_;
};

}  // namespace server
