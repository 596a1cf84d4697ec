/* The API's own description, as the bytes that were built in. */
#include "openapi.h"

#include "request.h"
#include "validator.h"

static void
handle_yaml(struct request *request, struct response *response)
{
    if (!validator_begin_fixed(request, response, openapi_yaml_tag))
        return;
    response->status = 200;
    response->media = MEDIA_YAML;
    response->fixed = (struct str){ openapi_yaml_data, openapi_yaml_size };
}

const struct endpoint endpoint_openapi_yaml = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_YAML),
    .handle = handle_yaml,
};

static void
handle_json(struct request *request, struct response *response)
{
    if (!validator_begin_fixed(request, response, openapi_json_tag))
        return;
    response->status = 200;
    response->media = MEDIA_JSON;
    response->fixed = (struct str){ openapi_json_data, openapi_json_size };
}

const struct endpoint endpoint_openapi_json = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .handle = handle_json,
};
