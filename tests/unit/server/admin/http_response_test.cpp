#include "server/admin/http_response.hpp"

#include <gmock/gmock.h>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace server {
namespace {

namespace http = boost::beast::http;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class HttpResponseTest : public testing::Test {
 protected:
  static HttpRequest request(const std::string& target, http::verb method = http::verb::get) {
    HttpRequest request(method, target, 11);
    request.set(http::field::host, "127.0.0.1");
    return request;
  }

  HttpResponse answer(const HttpRequest& request, bool ready = true) const {
    return admin_response(request,
                          {.statistics = statistics_,
                           .scheduler_lag = lag_,
                           .history = history_,
                           .coroutines = {},
                           .ready = ready},
                          [] { return ProcessUsage(); });
  }

  Statistics statistics_;
  program::Histogram lag_;
  History history_;
};

std::string field(const HttpResponse& response, const char* name) {
  const auto value = response[name];
  return {value.data(), value.size()};
}

TEST_F(HttpResponseTest, ServesEachPathInItsOwnType) {
  const auto expect = [&](const char* path, const char* type, const char* begin) {
    const HttpResponse response = answer(request(path));
    EXPECT_EQ(response.result(), http::status::ok) << path;
    EXPECT_EQ(field(response, "Content-Type"), type) << path;
    EXPECT_EQ(field(response, "Content-Length"), std::to_string(response.body().size())) << path;
    EXPECT_THAT(response.body(), StartsWith(begin)) << path;
  };
  expect("/metrics", "text/plain; version=0.0.4; charset=utf-8", "# HELP coroecho_");
  expect("/status", "application/json", "{");
  expect("/history", "application/json", "{\"now\":0,\"status\":{");
  expect("/healthz", "text/plain; charset=utf-8", "ok\n");
  expect("/readyz", "text/plain; charset=utf-8", "ready\n");
  expect("/", "text/html; charset=utf-8", "<!DOCTYPE html>");
}

TEST_F(HttpResponseTest, TellsItsTime) {
  EXPECT_THAT(field(answer(request("/healthz")), "Date"),
              MatchesRegex("[A-Z][a-z]+, [0-9]+ [A-Z][a-z]+ 20[0-9]+ [0-9]+:[0-9]+:[0-9]+ GMT"));
}

TEST_F(HttpResponseTest, IsHealthyButNotReadyWhileItDrains) {
  EXPECT_EQ(answer(request("/readyz"), false).result(), http::status::service_unavailable);
  EXPECT_EQ(answer(request("/healthz"), false).result(), http::status::ok);
}

TEST_F(HttpResponseTest, IgnoresTheQuery) {
  EXPECT_EQ(answer(request("/healthz?verbose=1")).result(), http::status::ok);
}

TEST_F(HttpResponseTest, HasOnlyTheHistoryAfterTheTimeThatIsAskedFor) {
  const auto begin = statistics_.started;
  for (const auto second : {1s, 2s, 3s})
    history_.record(statistics_, 0, 0ns, begin + second);
  const auto samples = [&](const std::string& query) {
    return nlohmann::json::parse(answer(request("/history" + query)).body())["samples"].size();
  };
  EXPECT_EQ(samples(""), 2U);
  EXPECT_EQ(samples("?after=1999"), 2U);
  EXPECT_EQ(samples("?after=2000"), 1U);
  EXPECT_EQ(samples("?format=json&after=2000&x"), 1U);
  EXPECT_EQ(samples("?after=18446744073709551615"), 0U);
  for (const char* none :
       {"?after=", "?after=x", "?after=-1", "?before=3000", "?hereafter=3000", "?"})
    EXPECT_EQ(samples(none), 2U) << none;
}

// As a client asks that goes through a proxy (RFC 9112, section 3.2.2).
TEST_F(HttpResponseTest, TakesATargetThatNamesTheHost) {
  for (const char* target : {"http://127.0.0.1:8889/healthz", "HTTP://other/healthz?verbose",
                             "https://[::1]:8889/healthz", "http:///healthz"}) {
    EXPECT_EQ(answer(request(target)).body(), "ok\n") << target;
  }
  for (const char* target : {"http://127.0.0.1:8889", "http://a?b=/healthz", "http://a/", "/?a"}) {
    EXPECT_EQ(field(answer(request(target)), "Content-Type"), "text/html; charset=utf-8") << target;
  }
  for (const char* target : {"http://a/healthz/", "ftp://a/healthz", "http:/healthz", "a:80"}) {
    EXPECT_EQ(answer(request(target)).result(), http::status::not_found) << target;
  }
}

TEST_F(HttpResponseTest, DecodesThePath) {
  EXPECT_EQ(answer(request("/%68ealth%7A")).body(), "ok\n");
  for (const char* target :
       {"/healthz%", "/healthz%0", "/healthz%00", "/%zzealthz", "/healthz%3Fa"}) {
    EXPECT_EQ(answer(request(target)).result(), http::status::not_found) << target;
  }
}

TEST_F(HttpResponseTest, KnowsWhoWaitsForAnAnswerBeforeItSendsABody) {
  HttpRequest waits = request("/metrics", http::verb::post);
  EXPECT_FALSE(wants_to_continue(waits));
  waits.set(http::field::expect, "100-Continue");
  EXPECT_TRUE(wants_to_continue(waits));
  waits.version(10);
  EXPECT_FALSE(wants_to_continue(waits));
}

TEST_F(HttpResponseTest, HasNoOtherPaths) {
  for (const char* path : {"/metrics/", "/Metrics", "/../etc/passwd", "*", "//"}) {
    EXPECT_EQ(answer(request(path)).result(), http::status::not_found) << path;
  }
}

TEST_F(HttpResponseTest, AnswersHeadWithTheLengthButNoBody) {
  const HttpResponse response = answer(request("/healthz", http::verb::head));
  EXPECT_EQ(response.result(), http::status::ok);
  EXPECT_EQ(field(response, "Content-Length"), "3");
  EXPECT_THAT(response.body(), IsEmpty());
}

TEST_F(HttpResponseTest, SaysWhichMethodsItHas) {
  HttpRequest unknown = request("/metrics");
  unknown.method_string("BREW");
  for (const HttpRequest& request : {request("/metrics", http::verb::post), unknown}) {
    const HttpResponse response = answer(request);
    EXPECT_EQ(response.result(), http::status::method_not_allowed);
    EXPECT_EQ(field(response, "Allow"), "GET, HEAD, OPTIONS");
  }
}

TEST_F(HttpResponseTest, AnswersOptionsWithItsMethodsForEachPathAndForAll) {
  for (const char* target : {"*", "/metrics", "http://a/"}) {
    const HttpResponse response = answer(request(target, http::verb::options));
    EXPECT_EQ(response.result(), http::status::ok) << target;
    EXPECT_EQ(field(response, "Allow"), "GET, HEAD, OPTIONS") << target;
    EXPECT_EQ(field(response, "Content-Length"), "0") << target;
  }
}

TEST_F(HttpResponseTest, WantsExactlyOneHostFromHttp11) {
  HttpRequest without(http::verb::get, "/healthz", 11);
  EXPECT_EQ(answer(without).result(), http::status::bad_request);
  HttpRequest two = request("/healthz");
  two.insert(http::field::host, "elsewhere");
  EXPECT_EQ(answer(two).result(), http::status::bad_request);
  HttpRequest old(http::verb::get, "/healthz", 10);
  EXPECT_EQ(answer(old).result(), http::status::ok);
}

TEST_F(HttpResponseTest, KeepsTheConnectionIfTheClientWants) {
  EXPECT_TRUE(answer(request("/healthz")).keep_alive());
  HttpRequest last = request("/healthz");
  last.keep_alive(false);
  EXPECT_FALSE(answer(last).keep_alive());
  EXPECT_FALSE(answer(HttpRequest(http::verb::get, "/healthz", 10)).keep_alive());
}

TEST_F(HttpResponseTest, LetsTheBrowserAskNobodyElseForThePage) {
  EXPECT_THAT(field(answer(request("/")), "Content-Security-Policy"),
              HasSubstr("default-src 'none'; connect-src 'self';"));
}

TEST(HttpRefusal, TellsWhatIsWrongAndEndsTheConnection) {
  const auto expect = [](http::error error, http::status status) {
    const HttpResponse response = refusal(make_error_code(error));
    EXPECT_EQ(response.result(), status);
    EXPECT_FALSE(response.keep_alive());
  };
  expect(http::error::bad_method, http::status::bad_request);
  expect(http::error::partial_message, http::status::bad_request);
  expect(http::error::header_limit, http::status::request_header_fields_too_large);
  expect(http::error::buffer_overflow, http::status::request_header_fields_too_large);
  expect(http::error::body_limit, http::status::payload_too_large);
}

}  // namespace
}  // namespace server
