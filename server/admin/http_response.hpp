#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>
#include <functional>

#include "server/status/process_usage.hpp"
#include "server/status/status.hpp"

namespace server {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

/// The answers of the admin endpoint: 200, 400 without exactly one Host, 404 for an unknown path,
/// 405 for a method other than GET, HEAD and OPTIONS, and for /readyz 503 while the service is not
/// ready. The target may be a path or name a host too (RFC 9112, section 3.2).
///
/// `get_process_usage` is called for /metrics only, and may suspend.
HttpResponse admin_response(const HttpRequest& request, const Status& status,
                            const std::function<ProcessUsage()>& get_process_usage);

/// Whether the client waits for an answer before it sends the body (RFC 9110, section 10.1.1).
bool wants_to_continue(const HttpRequest& request);

/// The last answer to what could not be read as a request (boost::beast::http::error): 431 for a
/// header that is too large, 413 for a body that is, otherwise 400.
HttpResponse refusal(boost::system::error_code error);

}  // namespace server
