#include "coro/resolve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "coro/descriptor.hpp"
#include "coro/error.hpp"
#include "coro/readiness.hpp"

namespace coro {
namespace {

using boost::asio::ip::tcp;

// A name being looked up. The thread and the coroutine each hold it, whichever ends first.
struct Lookup {
  std::string host;
  std::string service;
  error_code failed;
  std::vector<tcp::endpoint> addresses;
  // Set last. C++ takes a pipe's end for no order between two threads.
  std::atomic<bool> answered = false;
};

void look_up(Lookup& lookup) {
  try {
    boost::asio::io_context context;
    tcp::resolver resolver(context);
    for (const auto& entry : resolver.resolve(lookup.host, lookup.service, lookup.failed))
      lookup.addresses.push_back(entry.endpoint());
    if (!lookup.failed && lookup.addresses.empty())
      lookup.failed = boost::asio::error::host_not_found;
  } catch (const std::exception&) {
    lookup.failed = boost::asio::error::no_memory;
  }
  lookup.answered.store(true, std::memory_order_release);
}

// The program's signals are not for this thread. It closes `done`, the other end of a pipe, when it
// has ended: to close cannot fail.
error_code start_thread(const std::shared_ptr<Lookup>& lookup, Descriptor done) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  error_code failed;
  try {
    std::thread([lookup, done = std::move(done)] { look_up(*lookup); }).detach();
  } catch (const std::system_error& error) {
    failed.assign(error.code().value(), boost::system::system_category());
  } catch (const std::bad_alloc&) {
    failed = boost::asio::error::no_memory;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return failed;
}

}  // namespace

boost::system::result<std::vector<tcp::endpoint>> resolve(Yield yield, const std::string& host,
                                                          const std::string& service) {
  const auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->service = service;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return last_error();
  const Descriptor read_end(ends[0]);
  if (const auto failed = start_thread(lookup, Descriptor(ends[1]))) return failed;

  Readiness done(yield.scheduler(), read_end.number());
  const auto interrupted = done.wait_readable(yield);
  // After a pause of the whole process a time limit may have run out and the answer be there.
  const bool answered = lookup->answered.load(std::memory_order_acquire);
  if (interrupted && !(answered && yield.is_cancelled())) return interrupted;
  if (lookup->failed) return lookup->failed;
  return std::move(lookup->addresses);
}

}  // namespace coro
