"""What a service on loopback tells the script of a foreign web page."""

import http.client


def read(request):
    """{status, allow_origin}; status 0 when nothing answered."""
    port = request["port"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    headers = {"Host": "127.0.0.1:%d" % port, "Origin": request["origin"]}
    try:
        connection.request("GET", request["path"], headers=headers)
        reply = connection.getresponse()
        allowed = reply.getheader("Access-Control-Allow-Origin") or ""
        return {"status": reply.status, "allow_origin": allowed}
    except (OSError, http.client.HTTPException):
        return {"status": 0, "allow_origin": ""}
    finally:
        connection.close()
