#include "client/wire/link.hpp"

#include <utility>

#include "client/wire/connect.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

namespace error = boost::asio::error;

}  // namespace

Link::Link(coro::Scheduler& scheduler, Target target, Lost lost)
    : scheduler_(&scheduler), target_(std::move(target)), lost_(std::move(lost)) {}

Link::~Link() {
  close();
}

error_code Link::open(coro::Yield yield, coro::Clock::duration limit) {
  auto connection = connect(yield, target_, limit);
  if (!connection) return connection.error();
  facts_ = (*connection)->facts();
  finishing_ = false;
  exchange_ = Exchange::over(std::move(*connection), *scheduler_);
  receiver_ =
      scheduler_
          ->spawn("receive",
                  [this, exchange = exchange_](coro::Yield inner) { receive(exchange, inner); })
          .value();
  return {};
}

void Link::close() {
  const auto exchange = exchange_;
  if (exchange) forget(*exchange);
}

std::string Link::description() const {
  return connected_text(facts_);
}

void Link::forget(Exchange& exchange) {
  earlier_sent_ += exchange.bytes_sent();
  earlier_back_ += exchange.bytes_back();
  exchange.close();
  exchange_ = nullptr;
}

error_code Link::send(std::string_view message, Exchange::Answer answer, coro::Yield yield) {
  if (!exchange_ || finishing_) return error::operation_aborted;
  const auto exchange = exchange_;  // it may be replaced while we wait
  return exchange->send(message, std::move(answer), yield);
}

void Link::receive(const std::shared_ptr<Exchange>& exchange, coro::Yield yield) {
  const auto ending = exchange->receive(yield);
  if (!exchange->is_open()) return;  // closed here
  if (const auto* mismatch = std::get_if<Mismatch>(&ending))
    return lose(exchange, mismatch_failure(target_, *mismatch));
  const auto error = std::get<error_code>(ending);
  const bool as_expected = error == error::eof && finishing_ && exchange->missing() == 0;
  if (as_expected) return forget(*exchange);
  lose(exchange, transfer_failure(target_, error, exchange->missing()));
}

void Link::lose(const std::shared_ptr<Exchange>& exchange, const Failure& failure) {
  forget(*exchange);
  lost_(failure);
}

void Link::finish(coro::Yield yield, coro::Clock::duration limit) {
  if (!exchange_) return;
  finishing_ = true;
  const auto exchange = exchange_;
  exchange->finish();
  while (exchange->is_open()) {
    const auto before = exchange->bytes_back();
    const coro::TimeLimit time(yield, limit);
    const auto interrupted = receiver_.join(yield);
    if (!interrupted) return;
    const bool goes_on = time.expired() && exchange->bytes_back() != before;
    if (goes_on) continue;
    const bool is_late = time.expired() && exchange->missing() > 0;
    if (!is_late)
      return close();  // interrupted, or all is back and the server merely does not close
    return lose(exchange, transfer_failure(target_, error::timed_out, exchange->missing()));
  }
}

std::uint64_t Link::bytes_sent() const {
  return earlier_sent_ + (exchange_ ? exchange_->bytes_sent() : 0);
}

std::uint64_t Link::bytes_back() const {
  return earlier_back_ + (exchange_ ? exchange_->bytes_back() : 0);
}

}  // namespace client
