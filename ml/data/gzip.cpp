#include <ml/data/gzip.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <zlib.h>

namespace polis::data {

namespace {

/// Ends a stream of zlib on every way out.
class Inflater {
  public:
    Inflater() { ready_ = inflateInit2(&stream_, kGzipOnly) == Z_OK; }

    ~Inflater() {
        if (ready_) {
            inflateEnd(&stream_);
        }
    }

    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    [[nodiscard]] bool ready() const { return ready_; }

    [[nodiscard]] z_stream& stream() { return stream_; }

  private:
    static constexpr int kGzipOnly = 15 + 16;  ///< largest window, gzip header and trailer

    z_stream stream_{};
    bool ready_ = false;
};

}  // namespace

Result<Bytes, DataError> gunzip(ByteView stream, std::size_t bytes_max) {
    if (stream.size() > std::numeric_limits<uInt>::max()) {
        return fail(DataCode::kTooLarge, {});
    }
    Inflater inflater;
    if (!inflater.ready()) {
        return fail(DataCode::kBadGzip, {});
    }
    z_stream& state = inflater.stream();
    state.next_in = const_cast<Bytef*>(stream.data());  // zlib only reads it
    state.avail_in = static_cast<uInt>(stream.size());
    Bytes out;
    Bytes portion(std::size_t{256} << 10);
    int code = Z_OK;
    while (code == Z_OK) {
        state.next_out = portion.data();
        state.avail_out = static_cast<uInt>(portion.size());
        code = inflate(&state, Z_NO_FLUSH);
        const std::size_t count = portion.size() - state.avail_out;
        if (count > bytes_max - out.size()) {
            return fail(DataCode::kTooLarge, {});
        }
        append(out, ByteView{portion}.first(count));
    }
    if (code != Z_STREAM_END || state.avail_in != 0) {
        return fail(DataCode::kBadGzip, {});
    }
    return out;
}

}  // namespace polis::data
