#include "server/admin/http_response.hpp"

#include <fmt/chrono.h>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>
#include <string>
#include <string_view>

#include "server/admin/live_page.hpp"
#include "server/admin/metrics.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;
using GetProcessUsage = std::function<ProcessUsage()>;

HttpResponse response(http::status status, std::string_view type, std::string body) {
  HttpResponse response(status, 11);
  // Required of whoever has a clock (RFC 9110, section 6.6.1).
  response.set(http::field::date,
               fmt::format("{:%a, %d %b %Y %T} GMT", fmt::gmtime(std::time(nullptr))));
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.body() = std::move(body);
  return response;
}

HttpResponse plain(http::status status, std::string body) {
  return response(status, "text/plain; charset=utf-8", std::move(body));
}

// The browser itself then sees to it that the page asks nobody else for anything.
HttpResponse live_page_response() {
  HttpResponse page =
      response(http::status::ok, "text/html; charset=utf-8", std::string(live_page));
  page.set("Content-Security-Policy",
           "default-src 'none'; connect-src 'self'; img-src data:; "
           "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'");
  return page;
}

// A server must take a target that names scheme and host too, as it goes through a proxy (RFC 9112,
// section 3.2.2). Which host is not looked at.
std::string_view without_origin(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (boost::algorithm::istarts_with(target, scheme)) {
      const std::size_t end = target.find_first_of("/?", scheme.size());
      return end == std::string_view::npos ? std::string_view() : target.substr(end);
    }
  }
  return target;
}

// %68 is h (RFC 3986, section 2.1). A % without such a code stays, and the path is then not found.
std::string decoded(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    unsigned char byte = 0;
    const bool is_code =
        path.size() > 2 && path.front() == '%' &&
        std::from_chars(path.data() + 1, path.data() + 3, byte, 16).ptr == path.data() + 3;
    text += is_code ? static_cast<char>(byte) : path.front();
    path.remove_prefix(is_code ? 3 : 1);
  }
  return text;
}

std::string path_of(std::string_view target) {
  const std::string_view local = without_origin(target);
  const std::string_view path = local.substr(0, local.find('?'));
  return path.empty() ? "/" : decoded(path);
}

// The number in after=NUMBER of the query; 0 if there is none.
std::uint64_t after_of(std::string_view target) {
  constexpr std::string_view key = "after=";
  std::uint64_t after = 0;
  constexpr auto none = std::string_view::npos;
  for (auto mark = target.find('?'); mark != none; mark = target.find('&', mark + 1)) {
    const std::string_view parameter = target.substr(mark + 1);
    if (!parameter.starts_with(key)) continue;
    std::from_chars(parameter.data() + key.size(), parameter.data() + parameter.size(), after);
    break;
  }
  return after;
}

HttpResponse page(std::string_view target, const Status& status, const GetProcessUsage& usage) {
  const std::string path = path_of(target);
  if (path == "/metrics") {
    return response(http::status::ok, "text/plain; version=0.0.4; charset=utf-8",
                    to_prometheus(status, usage()));
  }
  if (path == "/healthz") return plain(http::status::ok, "ok\n");
  if (path == "/readyz") {
    return status.ready ? plain(http::status::ok, "ready\n")
                        : plain(http::status::service_unavailable, "not ready\n");
  }
  if (path == "/status")
    return response(http::status::ok, "application/json", to_json(status) + "\n");
  if (path == "/history") {
    return response(http::status::ok, "application/json",
                    history_to_json(status, after_of(target)) + "\n");
  }
  if (path == "/") return live_page_response();
  return plain(http::status::not_found, "not found\n");
}

HttpResponse with_methods(HttpResponse response) {
  response.set(http::field::allow, "GET, HEAD, OPTIONS");
  return response;
}

// A request of HTTP/1.1 has exactly one Host (RFC 9112, section 3.2).
bool names_its_host(const HttpRequest& request) {
  return request.version() < 11 || request.count(http::field::host) == 1;
}

HttpResponse answer(const HttpRequest& request, const Status& status,
                    const GetProcessUsage& usage) {
  if (!names_its_host(request)) return plain(http::status::bad_request, "exactly one Host\n");
  if (request.method() == http::verb::get || request.method() == http::verb::head) {
    const std::string_view target(request.target().data(), request.target().size());
    return page(target, status, usage);
  }
  if (request.method() == http::verb::options) return with_methods(plain(http::status::ok, ""));
  return with_methods(plain(http::status::method_not_allowed, "GET or HEAD\n"));
}

}  // namespace

HttpResponse admin_response(const HttpRequest& request, const Status& status,
                            const GetProcessUsage& get_process_usage) {
  HttpResponse response = answer(request, status, get_process_usage);
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.content_length(response.body().size());
  // The length stays (RFC 9110, section 9.3.2).
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

bool wants_to_continue(const HttpRequest& request) {
  const auto expect = request[http::field::expect];
  return request.version() >= 11 && boost::beast::iequals(expect, "100-continue");
}

HttpResponse refusal(boost::system::error_code error) {
  HttpResponse response =
      error == http::error::header_limit || error == http::error::buffer_overflow
          ? plain(http::status::request_header_fields_too_large, "header too large\n")
      : error == http::error::body_limit
          ? plain(http::status::payload_too_large, "body too large\n")
          : plain(http::status::bad_request, "bad request\n");
  response.keep_alive(false);
  response.prepare_payload();
  return response;
}

}  // namespace server
