#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <utility>

#include "coro/descriptor.hpp"
#include "server/session/session.hpp"
#include "server/session/session_state.hpp"

namespace server {

/// A connection that has a coroutine, which has not run yet. The coroutine owns it. It stands in a
/// list until the coroutine runs, since an upgrade in between hands it over, too.
struct Beginning
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  using List = boost::intrusive::list<Beginning, boost::intrusive::constant_time_size<false>>;

  Beginning(List& list, Transport kind, coro::Trigger by, std::unique_ptr<SessionState> from)
      : all(&list), transport(kind), trigger(by), state(std::move(from)) {
    list.push_back(*this);
  }
  ~Beginning() = default;
  Beginning(Beginning&& other) noexcept
      : Beginning(*other.all, other.transport, other.trigger, std::move(other.state)) {
    socket = std::move(other.socket);
    other.unlink();
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;
  Beginning& operator=(Beginning&&) = delete;

  List* all;
  Transport transport;
  coro::Trigger trigger;
  std::unique_ptr<SessionState> state;
  coro::Descriptor socket;  // owns the descriptor of which state->socket is the number
};

}  // namespace server
