// Stands in for gzip.cpp where there is no zlib: a trainer on a bare GPU machine.
#include <ml/data/gzip.hpp>

namespace polis::data {

Result<Bytes, DataError> gunzip(ByteView /*stream*/, std::size_t /*bytes_max*/) {
    return fail(DataCode::kNoGzip, {});
}

}  // namespace polis::data
