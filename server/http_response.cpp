#include "server/http_response.hpp"

#include <fmt/chrono.h>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <string>
#include <string_view>

#include "server/live_page.hpp"
#include "server/metrics.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;

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

HttpResponse page(std::string_view path, const Status& status) {
  if (path == "/metrics") {
    return response(http::status::ok, "text/plain; version=0.0.4; charset=utf-8",
                    to_prometheus(status));
  }
  if (path == "/healthz") return plain(http::status::ok, "ok\n");
  if (path == "/readyz") {
    return status.ready ? plain(http::status::ok, "ready\n")
                        : plain(http::status::service_unavailable, "not ready\n");
  }
  if (path == "/status")
    return response(http::status::ok, "application/json", to_json(status) + "\n");
  if (path == "/") return live_page_response();
  return plain(http::status::not_found, "not found\n");
}

// A request of HTTP/1.1 has exactly one Host (RFC 9112, section 3.2).
bool names_its_host(const HttpRequest& request) {
  return request.version() < 11 || request.count(http::field::host) == 1;
}

HttpResponse answer(const HttpRequest& request, const Status& status) {
  if (!names_its_host(request)) return plain(http::status::bad_request, "exactly one Host\n");
  if (request.method() == http::verb::get || request.method() == http::verb::head) {
    const std::string_view target(request.target().data(), request.target().size());
    return page(target.substr(0, target.find('?')), status);
  }
  HttpResponse response = plain(http::status::method_not_allowed, "GET or HEAD\n");
  response.set(http::field::allow, "GET, HEAD");
  return response;
}

}  // namespace

HttpResponse admin_response(const HttpRequest& request, const Status& status) {
  HttpResponse response = answer(request, status);
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.content_length(response.body().size());
  // The length stays (RFC 9110, section 9.3.2).
  if (request.method() == http::verb::head) response.body().clear();
  return response;
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
