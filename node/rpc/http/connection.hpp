#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <node/rpc/http/core.hpp>
#include <node/rpc/http/target.hpp>
#include <node/rpc/http/text_body.hpp>

namespace polis::node::rpc {

/// One HTTP connection: requests one after the other, each with its deadlines. Between requests it
/// holds no more than a socket and a small buffer.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Place = std::list<std::shared_ptr<Connection>>::iterator;

    Connection(Core& core, const Door& door, boost::asio::ip::tcp::socket socket);
    ~Connection();

    /// @param place of this connection in Core::connections
    void start(Place place);

    /// Ends the connection if its deadline is past, or asks to be looked at again when it is.
    void check(std::uint64_t now);

    /// Closes the socket and leaves Core::connections.
    void close();

    [[nodiscard]] Place place() const { return place_; }

  private:
    struct Reply {
        unsigned status = 200;
        std::string_view type = "application/json";
        std::string body;
        std::string headers;  ///< further ones, each with its line end
        bool close = false;   ///< the request was not read to its end
    };

    // Reading.
    void wait();
    void read_head();
    void on_head(const boost::system::error_code& error);
    void read_body();
    void on_body(const boost::system::error_code& error);
    void refuse_reading(const boost::system::error_code& error);

    // What is asked for.
    [[nodiscard]] std::optional<Reply> check_head();
    [[nodiscard]] std::optional<Reply> check_who();
    [[nodiscard]] std::optional<Reply> check_framing();
    [[nodiscard]] std::optional<Reply> check_body();
    [[nodiscard]] std::size_t body_limit() const;
    void on_request();
    void call();
    void serve_page();
    void store_part();
    void on_part_stored(const Result<std::optional<Hash>, std::string>& done, std::size_t bytes);
    void serve_blob();
    void upgrade();

    // Writing.
    void reply(Reply reply);
    void write(std::size_t body_bytes);
    void on_written(const boost::system::error_code& error);
    void send_blob_part();
    void on_blob_part(const Result<Bytes, std::string>& part);
    void linger();

    [[nodiscard]] static Reply problem(unsigned status, ErrorName name, std::string message);
    [[nodiscard]] static Reply named_problem(
        unsigned status, std::string_view name, std::string message, std::string_view hint);
    [[nodiscard]] bool is(boost::beast::http::verb verb) const;
    [[nodiscard]] std::string_view field(boost::beast::http::field name) const;
    void set_deadline(std::uint64_t ms);
    void set_idle(bool idle);
    [[nodiscard]] bool charge();
    void release_upload();

    Core& core_;
    const Door& door_;
    boost::asio::ip::tcp::socket socket_;
    Place place_;
    std::optional<std::list<Connection*>::iterator> idle_;
    bool closed_ = false;
    std::uint64_t deadline_ = UINT64_MAX;
    std::uint64_t scheduled_ = UINT64_MAX;  ///< when the core will look at deadline_

    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<TextBody>> parser_;
    Target target_;
    bool uploading_ = false;
    std::unique_ptr<BlobUpload> upload_;  ///< begun; used by a worker while nothing is read
    std::uint64_t uploaded_bytes_ = 0;
    bool keep_alive_ = true;
    bool lingering_ = false;
    std::size_t charged_ = 0;

    std::string head_;  ///< of the answer under way
    std::string body_;
    ByteRange blob_;  ///< what is still to be sent of target_.root
};

}  // namespace polis::node::rpc
