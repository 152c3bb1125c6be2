#include "server/admin/admin.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "coro/condition.hpp"
#include "coro/timer.hpp"
#include "tests/unit/server/pipe.hpp"
#include "tests/unit/server/socket_end.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr auto request = "GET /healthz HTTP/1.1\r\nHost: echo\r\n\r\n";

class HandedOverAdmin : public testing::Test {
 protected:
  HandedOverAdmin() { config_.admin.port = 0; }

  Status status() const {
    return {
        .statistics = statistics_, .scheduler_lag = lag_, .history = history_, .coroutines = {}};
  }
  Admin admin(coro::Yield yield, std::optional<int> inherited = {}) {
    return {yield.scheduler(), log_, [this] { return status(); }, lost_it_, inherited};
  }
  void open(Admin& admin, coro::Yield yield) const {
    Admin::Change change = admin.resolve(config_, yield);
    admin.bind(change, {});
    admin.start(change);
    admin.finish(change, config_, yield);
  }
  // The state that another program takes over. The endpoint is gone then.
  AdminState state_of_admin(coro::Yield yield, std::optional<int> inherited = {}) {
    Admin before = admin(yield, inherited);
    open(before, yield);
    AdminState state = before.state().value();
    state.socket = handed_over(state.socket);
    before.close(yield);
    return state;
  }
  std::string logged() {
    log_.flush();
    return pipe_.read();
  }

  // Whether a request is being answered for longer than a moment.
  static bool is_busy(Admin& admin, coro::Yield yield) {
    const coro::TimeLimit limit(yield, 1ms);
    return admin.wait_until_idle(yield).failed();
  }

  Config config_;
  coro::Condition lost_it_;
  Statistics statistics_;
  program::Histogram lag_;
  History history_;
  Pipe pipe_;
  EventLog log_{pipe_.writer()};
};

TEST_F(HandedOverAdmin, AnswersWhoHasConnectedBefore) {
  run([&](coro::Yield yield) {
    const AdminState state = state_of_admin(yield);
    SocketEnd client(state.socket, yield);
    client.send(request);
    logged();
    Admin next = admin(yield);
    next.adopt(state);
    EXPECT_THAT(client.receive(), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(logged(), IsEmpty());
    EXPECT_EQ(FD_CLOEXEC, ::fcntl(state.socket, F_GETFD));
    next.close(yield);
  });
}

TEST_F(HandedOverAdmin, IsWhereTheSameConfigurationWantsIt) {
  run([&](coro::Yield yield) {
    Admin next = admin(yield);
    next.adopt(state_of_admin(yield));
    EXPECT_FALSE(next.resolve(config_, yield).needed);
    config_.admin.host = "127.0.0.2";
    EXPECT_TRUE(next.resolve(config_, yield).needed);
    config_.admin.port.reset();
    open(next, yield);
    EXPECT_FALSE(next.state().has_value());
    next.close(yield);
  });
}

TEST_F(HandedOverAdmin, StaysOnTheSocketOfTheServiceManager) {
  const int managed = coro::checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  ASSERT_EQ(0, ::listen(managed, 1));
  run([&](coro::Yield yield) {
    const AdminState state = state_of_admin(yield, managed);
    EXPECT_TRUE(state.inherited);
    Admin next = admin(yield);
    next.adopt(state);
    config_.admin.port.reset();
    EXPECT_FALSE(next.resolve(config_, yield).needed);
    next.close(yield);
  });
}

TEST_F(HandedOverAdmin, IsOpenedAnewIfItsDescriptorIsNoSocket) {
  run([&](coro::Yield yield) {
    AdminState state = state_of_admin(yield);
    ::close(state.socket);
    state.socket = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    Admin next = admin(yield);
    next.adopt(state);
    EXPECT_THAT(logged(), HasSubstr("error admin: cannot take over the socket: "));
    open(next, yield);
    EXPECT_TRUE(next.state().has_value());
    next.close(yield);
  });
}

TEST_F(HandedOverAdmin, IsOffIfItWasOff) {
  run([&](coro::Yield yield) {
    Admin off = admin(yield);
    EXPECT_FALSE(off.state().has_value());
    EXPECT_FALSE(off.wait_until_idle(yield));
    off.close(yield);
  });
}

TEST_F(HandedOverAdmin, AMoveEndsTheConnectionsOfTheAddressBeforeAndNoOthers) {
  run([&](coro::Yield yield) {
    Admin moved = admin(yield);
    open(moved, yield);
    SocketEnd before(moved.state()->socket, yield);
    before.send(request);
    EXPECT_THAT(before.receive(), StartsWith("HTTP/1.1 200 "));
    config_.admin.host = "127.0.0.2";
    Admin::Change change = moved.resolve(config_, yield);
    moved.bind(change, {});
    moved.start(change);
    SocketEnd after(change.socket, yield);
    after.send(request);
    EXPECT_THAT(after.receive(), StartsWith("HTTP/1.1 200 "));
    moved.finish(change, config_, yield);
    EXPECT_THAT(before.receive(), IsEmpty());
    after.send(request);
    EXPECT_THAT(after.receive(), StartsWith("HTTP/1.1 200 "));
    moved.close(yield);
  });
}

TEST_F(HandedOverAdmin, ReportsThatItsSocketWasShutDownAndListensAnew) {
  run([&](coro::Yield yield) {
    Admin admin = this->admin(yield);
    EXPECT_FALSE(admin.lost());  // it is off
    open(admin, yield);
    EXPECT_FALSE(admin.lost());
    ::shutdown(admin.state().value().socket, SHUT_RDWR);
    EXPECT_FALSE(lost_it_.wait(yield, [&] { return admin.lost(); }));
    open(admin, yield);
    EXPECT_FALSE(admin.lost());
    SocketEnd client(admin.state().value().socket, yield);
    EXPECT_THAT(client.echo(request), StartsWith("HTTP/1.1 200 "));
    admin.close(yield);
  });
}

TEST_F(HandedOverAdmin, WaitsForTheRequestsThatHaveBegunAndNoOthers) {
  run([&](coro::Yield yield) {
    Admin admin = this->admin(yield);
    open(admin, yield);
    const int socket = admin.state().value().socket;
    SocketEnd keeps_alive(socket, yield);
    EXPECT_THAT(keeps_alive.echo(request), StartsWith("HTTP/1.1 200 "));
    SocketEnd slow(socket, yield);
    EXPECT_FALSE(is_busy(admin, yield));

    const std::string text = request;
    slow.send(text.substr(0, 10));
    bool busy = false;
    for (int looks = 0; !busy && looks < 5000; ++looks) {
      static_cast<void>(coro::sleep_for(yield, 1ms));
      busy = is_busy(admin, yield);
    }
    EXPECT_TRUE(busy);
    slow.send(text.substr(10));
    EXPECT_THAT(slow.receive(), StartsWith("HTTP/1.1 200 "));
    EXPECT_FALSE(admin.wait_until_idle(yield));
    admin.close(yield);
  });
}

}  // namespace
}  // namespace server
