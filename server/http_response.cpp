#include "server/http_response.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <string>
#include <string_view>

#include "server/live_page.hpp"

namespace server {
namespace {

namespace http = boost::beast::http;

HttpResponse response(http::status status, std::string_view type, std::string body) {
  HttpResponse response(status, 11);
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.body() = std::move(body);
  return response;
}

HttpResponse plain(http::status status, std::string body) {
  return response(status, "text/plain; charset=utf-8", std::move(body));
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
  if (path == "/") {
    return response(http::status::ok, "text/html; charset=utf-8", std::string(live_page));
  }
  return plain(http::status::not_found, "not found\n");
}

}  // namespace

HttpResponse admin_response(const HttpRequest& request, const Status& status) {
  const bool head = request.method() == http::verb::head;
  HttpResponse response;
  if (request.method() == http::verb::get || head) {
    const std::string_view target(request.target().data(), request.target().size());
    response = page(target.substr(0, target.find('?')), status);
  } else {
    response = plain(http::status::method_not_allowed, "GET or HEAD\n");
    response.set(http::field::allow, "GET, HEAD");
  }
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.content_length(response.body().size());
  if (head) response.body().clear();  // the length stays (RFC 9110, section 9.3.2)
  return response;
}

HttpResponse bad_request() {
  HttpResponse response = plain(http::status::bad_request, "bad request\n");
  response.keep_alive(false);
  response.prepare_payload();
  return response;
}

}  // namespace server
