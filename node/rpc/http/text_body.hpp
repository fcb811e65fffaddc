#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>

namespace polis::node::rpc {

/// A request's body as text that grows with what arrives: nobody gets memory by announcing a
/// length, which Beast's own body sets aside at once.
struct TextBody {
    using value_type = std::string;

    class reader {  // the name that Beast looks for
      public:
        template <bool is_request, class Fields>
        reader(boost::beast::http::header<is_request, Fields>& /*head*/, value_type& body)
            : body_(body) {}

        void init(
            const boost::optional<std::uint64_t>& /*length*/, boost::beast::error_code& error) {
            error = {};
        }

        template <class Buffers>
        std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
            error = {};
            std::size_t count = 0;
            for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
                body_.append(static_cast<const char*>(buffer.data()), buffer.size());
                count += buffer.size();
            }
            return count;
        }

        void finish(boost::beast::error_code& error) { error = {}; }

      private:
        value_type& body_;
    };
};

}  // namespace polis::node::rpc
