"""Landing: what `/` shows until the page is here. Plain, without a script or a style."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Laneway</title>
</head>
<body>
<main>
<h1>Laneway is running</h1>
<p>Many agent conversations at once, each in its own lane.</p>
<p>The API is described at <a href="/openapi.json">/openapi.json</a>, for whoever has a key or a login.
<code>laneway chat</code> talks to it from a terminal.</p>
</main>
</body>
</html>
"""
