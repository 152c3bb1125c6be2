#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
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
    std::size_t size = 0;
    do {
      error = stream_.wait_readable(yield_);
      if (!error) size = stream_.receive(*boost::asio::buffer_sequence_begin(buffers), error);
    } while (error == boost::asio::error::would_block);
    return size;
  }
  /// Only demanded by the concept.
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers);

  /// Sends all of `bytes`, or returns why that cannot be.
  coro::error_code write(std::string_view bytes) {
    while (!bytes.empty()) {
      coro::error_code error;
      bytes.remove_prefix(stream_.send(boost::asio::buffer(bytes), error));
      if (error == boost::asio::error::would_block) error = stream_.wait_writable(yield_);
      if (error) return error;
    }
    return {};
  }

 private:
  coro::Stream& stream_;
  coro::Yield yield_;
};

}  // namespace server
