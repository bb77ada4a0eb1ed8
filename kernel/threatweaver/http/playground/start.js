// Starts Swagger UI on our own document; nothing is asked of any other host.
window.ui = SwaggerUIBundle({
  url: "/api-docs/swagger.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false, // it would keep the token in localStorage
  tryItOutEnabled: true,
  validatorUrl: null,
});
